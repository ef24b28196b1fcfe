package term

// The local codes that programs name.
const (
	SLEDAI2K     = "sledai-2k"
	CSLEDAI2K    = "csledai-2k"
	PGA          = "pga"
	GCDose       = "gc-dose"
	SDI          = "sdi"
	EULARACR2019 = "eular-acr-2019"

	DORIS2021         = "doris-2021"
	LLDAS             = "lldas"
	DrugFreeRemission = "drug-free-remission"
	DORISOffTreatment = "doris-2021-off-treatment"
	SledaiResponse4   = "sledai-response-4"
	SRI4              = "sri-4"
	CRR               = "crr"
	PRR               = "prr"
	Relapse           = "relapse"

	CARTCourse      = "cart-course"
	Leukapheresis   = "t-cell-leukapheresis"
	Lymphodepletion = "lymphodepletion"
	Infusion        = "cart-infusion"
	CARTDose        = "cart-dose"
	CRS             = "crs"
	ICANS           = "icans"
	CRSMaxGrade     = "crs-max-grade"
	ICANSMaxGrade   = "icans-max-grade"
	BCellReturn     = "b-cell-reconstitution"
	LastKnownAlive  = "last-known-alive"
	CauseOfDeath    = "cause-of-death"
)

// Display returns the display of a local code, "" for what the local system does not have.
func Display(code string) string {
	if d, ok := displays[code]; ok {
		return d
	}
	for _, p := range timepoints {
		if p.Code == code {
			return p.Display
		}
	}
	for _, i := range sledai {
		if i.Code() == code {
			return i.Label
		}
	}
	return ""
}

// Algorithm returns the local code of the version of a computation, the method of what it computed.
func Algorithm(code string) string { return "algorithm-" + code + "-v1" }

// ByClinician is the method of an outcome that a person judged.
const ByClinician = "method-clinician"

// BySELENA is the method of an assessment with the code of SLEDAI-2K that was made by SELENA-SLEDAI, whose wording differs.
const BySELENA = "instrument-selena-sledai"

// SELENASLEDAI names the scores of such assessments. It is no code: they have that of SLEDAI-2K.
const SELENASLEDAI = "selena-sledai"

// displays are the codes of the local system, but for time points and the items of SLEDAI-2K.
var displays = map[string]string{
	"sledai-2k":                "SLEDAI-2K, total",
	"csledai-2k":               "Clinical SLEDAI-2K",
	"pga":                      "Physician global assessment, 0 to 3",
	"gc-dose":                  "Glucocorticoid dose, prednisolone equivalent",
	"doris-2021":               "DORIS 2021 remission",
	"lldas":                    "Lupus low disease activity state",
	"drug-free-remission":      "Remission without glucocorticoid, immunosuppressive and antimalarial",
	"relapse":                  "Relapse of lupus",
	"criterion-met":            "Criterion met",
	"criterion-not-met":        "Criterion not met",
	"not-evaluable":            "Not evaluable",
	"instrument-sledai-2k":     "SLEDAI-2K (2002)",
	"eular-acr-2019":           "EULAR/ACR 2019 classification, score",
	"eular-acr-2019-ana":       "Entry criterion: antinuclear antibodies at least 1:80",
	"renal-biopsy":             "Kidney biopsy, ISN/RPS class",
	"isn-rps-class":            "ISN/RPS 2003 class of lupus nephritis",
	"isn-rps-iii":              "ISN/RPS class III",
	"isn-rps-iv":               "ISN/RPS class IV",
	"isn-rps-v":                "ISN/RPS class V",
	"isn-rps-iii-v":            "ISN/RPS class III and V",
	"tp-base":                  "Baseline",
	"cart-course":              "Course of CAR-T cell therapy",
	"t-cell-leukapheresis":     "Leukapheresis of T cells",
	"lymphodepletion":          "Lymphodepletion",
	"cart-infusion":            "Infusion of CAR-T cells",
	"apheresis-product":        "Apheresis product",
	"mb-cart19-1":              "MB-CART19.1",
	"obe-cel":                  "obe-cel",
	"other-cd19":               "Other anti-CD19 CAR-T cell product",
	"cd19":                     "CD19",
	"lentiviral":               "Lentiviral vector",
	"LN":                       "Lot number",
	"product-id":               "Product identifier",
	"cart-dose":                "Dose of CAR-T cells",
	"cart-dose-per-kg":         "CAR-T cells per kg body weight",
	"cart-dose-total":          "CAR-T cells, total",
	"cart-viability":           "Viable cells",
	"cart-transduction":        "Transduced cells",
	"crs":                      "Cytokine release syndrome",
	"icans":                    "Immune effector cell-associated neurotoxicity syndrome",
	"crs-max-grade":            "Cytokine release syndrome, highest grade (0: assessed, none)",
	"icans-max-grade":          "ICANS, highest grade (0: assessed, none)",
	"astct-2019":               "ASTCT 2019 consensus grading",
	"grade-1":                  "Grade 1",
	"grade-2":                  "Grade 2",
	"grade-3":                  "Grade 3",
	"grade-4":                  "Grade 4",
	"ice-score":                "ICE score, 0 to 10",
	"b-cell-reconstitution":    "Return of B cells, days after infusion",
	"lower-bound":              "Last day without B cells",
	"threshold":                "Threshold of CD19+ cells that was used",
	"last-known-alive":         "Last known to be alive",
	"cause-of-death":           "Cause of death",
	"death-related":            "Related to",
	"death-other":              "Neither the therapy nor lupus",
	"organ-renal":              "Lupus of the kidney",
	"organ-cardiac":            "Lupus of the heart",
	"organ-pulmonary":          "Lupus of the lung",
	"organ-joints":             "Lupus of the joints",
	"organ-skin":               "Lupus of the skin",
	"prednisolone":             "prednisolone",
	"hydroxychloroquine":       "hydroxychloroquine",
	"azathioprine":             "azathioprine",
	"dexamethasone":            "dexamethasone",
	"refractory":               "Not effective enough",
	"intolerant":               "Not tolerated",
	"completed":                "Completed",
	"before-lymphodepletion":   "Stopped before lymphodepletion",
	"remission-kept":           "Stopped in remission",
	"out-of-specification":     "Product out of specification",
	"criterion-csledai-zero":   "Clinical SLEDAI-2K is 0",
	"criterion-pga-low":        "PGA below 0.5",
	"criterion-gc-low":         "Glucocorticoid dose at most 5 mg/d",
	"criterion-therapy-stable": "No immunosuppressive or biologic started in the last 30 days",
	"criterion-sledai-low":     "SLEDAI-2K at most 4 without activity of a major organ, hemolysis or gut disease",
	"criterion-no-new":         "No item that was absent at the assessment before",
	"criterion-pga-one":        "PGA at most 1",
	"criterion-gc-7-5":         "Glucocorticoid dose at most 7.5 mg/d",
	"criterion-standard":       "Standard maintenance therapy, nothing investigational since the infusion",
	"criterion-doris":          "DORIS 2021 remission",
	"criterion-b-cells-back":   "B cells are back",
	"hemolytic-anemia":         "Hemolytic anemia",
	"gi-activity":              "Gastrointestinal activity",
	"gc-free":                  "No glucocorticoid",
	"is-free":                  "No immunosuppressive or biologic",
	"antimalarial-free":        "No antimalarial",
	"drug-free":                "None of the three",
	"relapse-reason":           "What shows the relapse",
	"reason-csledai":           "Clinical SLEDAI-2K above 0",
	"reason-pga":               "PGA at least 0.5",
	"reason-gc":                "Glucocorticoid above 5 mg/d",
	"reason-restart":           "Immunosuppressive or biologic started again",

	"algorithm-doris-2021-v1":          "DORIS 2021, version 1 of the computation",
	"algorithm-lldas-v1":               "LLDAS, version 1 of the computation",
	"algorithm-drug-free-remission-v1": "Drug-free remission, version 1 of the computation",
	"algorithm-relapse-v1":             "Relapse, version 1 of the computation",
	"algorithm-b-cells-v1":             "Return of B cells, version 1 of the computation",

	"eular-acr-2019-constitutional":   "EULAR/ACR 2019, constitutional domain",
	"eular-acr-2019-hematologic":      "EULAR/ACR 2019, hematologic domain",
	"eular-acr-2019-neuropsychiatric": "EULAR/ACR 2019, neuropsychiatric domain",
	"eular-acr-2019-mucocutaneous":    "EULAR/ACR 2019, mucocutaneous domain",
	"eular-acr-2019-serosal":          "EULAR/ACR 2019, serosal domain",
	"eular-acr-2019-musculoskeletal":  "EULAR/ACR 2019, musculoskeletal domain",
	"eular-acr-2019-renal":            "EULAR/ACR 2019, renal domain",
	"eular-acr-2019-antiphospholipid": "EULAR/ACR 2019, antiphospholipid antibodies",
	"eular-acr-2019-complement":       "EULAR/ACR 2019, complement proteins",
	"eular-acr-2019-antibodies":       "EULAR/ACR 2019, antibodies specific to lupus",

	"other-glucocorticoid":    "other glucocorticoid",
	"other-immunosuppressive": "other immunosuppressive",
	"other-biologic":          "other biologic",
	"calcineurin-inhibitor":   "calcineurin inhibitor",
	"anakinra":                "anakinra",
	"organ-blood":             "Lupus of the blood cells",
	"organ-cns":               "Lupus of the central nervous system",
	"isn-rps-i":               "ISN/RPS class I",
	"isn-rps-ii":              "ISN/RPS class II",
	"isn-rps-iv-v":            "ISN/RPS class IV and V",
	"isn-rps-vi":              "ISN/RPS class VI",
	"grade-0":                 "Grade 0: assessed, none",
	"grade-5":                 "Grade 5",
	"ctcae-5":                 "CTCAE version 5 grading",
	"ehaebmt-icaht":           "EHA/EBMT grading of ICAHT",
	"licats":                  "Local IEC-associated toxicity syndrome",
	"icaht":                   "Immune effector cell-associated hematotoxicity",
	"b-cell-aplasia":          "B-cell aplasia",
	"hypogammaglobulinemia":   "Hypogammaglobulinemia",
	"infection":               "Infection",
	"second-malignancy":       "Second malignancy",

	"licats-max-grade":                "LICATS, highest grade (0: assessed, none)",
	"icaht-max-grade":                 "ICAHT, highest grade (0: assessed, none)",
	"b-cell-aplasia-max-grade":        "B-cell aplasia, highest grade (0: assessed, none)",
	"hypogammaglobulinemia-max-grade": "Hypogammaglobulinemia, highest grade (0: assessed, none)",
	"infection-max-grade":             "Infections, highest grade (0: assessed, none)",
	"second-malignancy-max-grade":     "Second malignancy, highest grade (0: assessed, none)",

	"bcma":                     "BCMA",
	"cd19-bcma":                "CD19 and BCMA",
	"bridging":                 "Bridging therapy",
	"sdi":                      "SLICC/ACR damage index",
	"sledai-response-4":        "Fall of SLEDAI-2K by at least 4",
	"sri-4":                    "SLE responder index, 4 points",
	"bicla":                    "BILAG-based composite lupus assessment",
	"crr":                      "Complete renal response",
	"prr":                      "Partial renal response",
	"method-clinician":         "Judged by a clinician",
	"instrument-selena-sledai": "SELENA-SLEDAI",
	"death-lupus":              "Lupus",
	"death-therapy":            "The therapy",
	"death-unknown":            "Unknown",
	"doris-2021-off-treatment": "DORIS 2021 remission without glucocorticoid and immunosuppressive",
	"reason-b-cell-therapy":    "Second therapy against B cells",

	"criterion-active-baseline": "SLEDAI-2K at baseline at least 4",
	"criterion-sledai-fall":     "SLEDAI-2K fell by at least 4",
	"criterion-bilag":           "No new BILAG A and at most one new BILAG B",
	"criterion-pga-stable":      "PGA rose by less than 0.3",
	"criterion-no-rescue":       "No rescue therapy",
	"criterion-nephritis":       "Lupus nephritis with a protein/creatinine ratio of at least 0.5 g/g at baseline",
	"criterion-upcr-low":        "Protein/creatinine ratio below 0.5 g/g",
	"criterion-upcr-half":       "Protein/creatinine ratio at most half of baseline",
	"criterion-upcr-partial":    "Protein/creatinine ratio below 3 g/g",
	"criterion-egfr-stable":     "Glomerular filtration rate not lower than baseline by more than the tolerance",

	"bilag-2004":              "BILAG-2004, grades of its systems",
	"bilag-constitutional":    "BILAG-2004, constitutional",
	"bilag-mucocutaneous":     "BILAG-2004, mucocutaneous",
	"bilag-neuropsychiatric":  "BILAG-2004, neuropsychiatric",
	"bilag-musculoskeletal":   "BILAG-2004, musculoskeletal",
	"bilag-cardiorespiratory": "BILAG-2004, cardiorespiratory",
	"bilag-gastrointestinal":  "BILAG-2004, gastrointestinal",
	"bilag-ophthalmic":        "BILAG-2004, ophthalmic",
	"bilag-renal":             "BILAG-2004, renal",
	"bilag-hematologic":       "BILAG-2004, hematologic",
	"A":                       "BILAG grade A",
	"B":                       "BILAG grade B",
	"C":                       "BILAG grade C",
	"D":                       "BILAG grade D",
	"E":                       "BILAG grade E",

	"crs-fever":           "Fever of at least 38.0 degrees Celsius",
	"crs-hypotension":     "Hypotension",
	"crs-hypoxia":         "Hypoxia",
	"crs-death":           "Death by cytokine release syndrome",
	"icans-ice":           "ICE score",
	"icans-consciousness": "Depressed level of consciousness",
	"icans-seizure":       "Seizure",
	"icans-weakness":      "Deep focal motor weakness",
	"icans-edema":         "Cerebral edema",

	"eular-acr-2019-ten":      "At least 10 points",
	"eular-acr-2019-clinical": "At least one clinical criterion",

	"sdi-cataract":                 "Cataract",
	"sdi-retinal-damage":           "Retinal change or optic atrophy",
	"sdi-cognitive-impairment":     "Cognitive impairment or major psychosis",
	"sdi-seizures":                 "Seizures that needed therapy for 6 months",
	"sdi-cva":                      "Cerebrovascular accident",
	"sdi-neuropathy":               "Cranial or peripheral neuropathy",
	"sdi-transverse-myelitis":      "Transverse myelitis",
	"sdi-gfr-below-half":           "Glomerular filtration rate below half of normal",
	"sdi-proteinuria":              "Proteinuria of at least 3.5 g in 24 hours",
	"sdi-end-stage-renal-disease":  "End-stage renal disease",
	"sdi-pulmonary-hypertension":   "Pulmonary hypertension",
	"sdi-pulmonary-fibrosis":       "Pulmonary fibrosis",
	"sdi-shrinking-lung":           "Shrinking lung",
	"sdi-pleural-fibrosis":         "Pleural fibrosis",
	"sdi-pulmonary-infarction":     "Pulmonary infarction or resection",
	"sdi-angina-or-bypass":         "Angina or coronary bypass",
	"sdi-myocardial-infarction":    "Myocardial infarction",
	"sdi-cardiomyopathy":           "Cardiomyopathy",
	"sdi-valvular-disease":         "Valvular disease",
	"sdi-pericarditis":             "Pericarditis for 6 months, or pericardiectomy",
	"sdi-claudication":             "Claudication for 6 months",
	"sdi-minor-tissue-loss":        "Minor tissue loss",
	"sdi-significant-tissue-loss":  "Significant tissue loss",
	"sdi-venous-thrombosis":        "Venous thrombosis with sequelae",
	"sdi-bowel-infarction":         "Infarction or resection in the abdomen",
	"sdi-mesenteric-insufficiency": "Mesenteric insufficiency",
	"sdi-chronic-peritonitis":      "Chronic peritonitis",
	"sdi-stricture-or-surgery":     "Stricture or surgery of the upper gut",
	"sdi-pancreatic-insufficiency": "Pancreatic insufficiency",
	"sdi-muscle-atrophy":           "Muscle atrophy or weakness",
	"sdi-erosive-arthritis":        "Deforming or erosive arthritis",
	"sdi-osteoporotic-fracture":    "Osteoporotic fracture",
	"sdi-avascular-necrosis":       "Avascular necrosis",
	"sdi-osteomyelitis":            "Osteomyelitis",
	"sdi-scarring-alopecia":        "Scarring alopecia",
	"sdi-extensive-scarring":       "Extensive scarring of the skin",
	"sdi-skin-ulceration":          "Ulceration of the skin for 6 months",
	"sdi-gonadal-failure":          "Premature gonadal failure",
	"sdi-diabetes":                 "Diabetes",
	"sdi-malignancy":               "Malignancy",

	"algorithm-doris-2021-off-treatment-v1": "DORIS 2021 remission off treatment, version 1 of the computation",
	"algorithm-sledai-response-4-v1":        "Fall of SLEDAI-2K, version 1 of the computation",
	"algorithm-sri-4-v1":                    "SRI-4, version 1 of the computation",
	"algorithm-crr-v1":                      "Complete renal response, version 1 of the computation",
	"algorithm-prr-v1":                      "Partial renal response, version 1 of the computation",
}
