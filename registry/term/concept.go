package term

import (
	"slices"
	"strings"
)

// Lupus returns the codes of a Condition that is systemic lupus erythematosus.
func Lupus() []Coding {
	return []Coding{{System: Snomed, Code: "55464009"}, {ICD10CM, "M32.10", "Systemic lupus erythematosus, organ or system involvement unspecified"}}
}

// InRemissionLupus is lupus in remission. Remission changes, so that it is written as lupus whose clinicalStatus is remission.
const InRemissionLupus = "698694005"

// lupusSnomed are the codes of SNOMED CT that mean systemic lupus erythematosus without naming an organ: as such, in remission, of childhood.
var lupusSnomed = []string{"55464009", InRemissionLupus, "403488004"}

// organSnomed are those that name another organ than the kidney, its interstitium (which is no nephritis of a class) or antiphospholipid syndrome.
var organSnomed = []string{"309762007", "25380002", "72181000119109", "196138005", "77753005", "1144942002", "239944008", "307755009", "402865003"}

// nephritisSnomed are those of lupus nephritis: the syndrome, WHO's classes I to VI (not those of ISN/RPS 2003), and disorder of the kidney.
var nephritisSnomed = []string{"68815009", "73286009", "4676006", "76521009", "36402006", "52042003", "11013005", "1144973003"}

// IsLupus reports whether a code means systemic lupus erythematosus, whichever organ it adds. Lupus by a drug, M32.0, is another disease.
func IsLupus(system, code string) bool {
	switch system {
	case Snomed:
		return slices.Contains(lupusSnomed, code) || slices.Contains(nephritisSnomed, code) || slices.Contains(organSnomed, code)
	case ICD10, ICD10CM, ICD10GM:
		return code == "M32" || strings.HasPrefix(code, "M32.") && !strings.HasPrefix(code, "M32.0")
	default:
		return false
	}
}

// IsNephritis reports whether a code means nephritis of lupus.
func IsNephritis(system, code string) bool {
	switch system {
	case Snomed:
		return slices.Contains(nephritisSnomed, code)
	case ICD10CM:
		return code == "M32.14"
	case Local:
		return code == "organ-renal"
	default:
		return false
	}
}

// CARTInfusion returns the public codes that we write of an infusion of CAR-T cells; the local one, Infusion, stands beside them.
func CARTInfusion() []Coding {
	return []Coding{{System: Snomed, Code: "1156961008"}, {NCIt, "C126102", "Chimeric Antigen Receptor T-Cell Therapy"}}
}

// CARTPCS returns ICD-10-PCS's code of the infusion of autologous engineered CAR-T cells into a peripheral vein.
func CARTPCS() Coding { return Coding{System: ICD10PCS, Code: "XW033C7"} }

// infusionPCS are what ICD-10-PCS's codes of infusions of CAR-T cells end with, after XW033 and XW043, a peripheral or a central vein: of technology
// group 7, and the older one of group 3. L7 is of tumor-infiltrating lymphocytes.
var infusionPCS = []string{"C7", "G7", "H7", "J7", "K7", "M7", "N7", "C3"}

// infusionCPT are those of the administration of CAR-T cells, the second until 2024. Their texts are not ours to give.
var infusionCPT = []string{"38228", "0540T"}

// CARTInfusions returns every public code of a Procedure that is an infusion of CAR-T cells, whichever a hospital writes.
func CARTInfusions() []Coding {
	l := CARTInfusion()
	for _, end := range infusionPCS {
		l = append(l, Coding{System: ICD10PCS, Code: "XW033" + end}, Coding{System: ICD10PCS, Code: "XW043" + end})
	}
	for _, code := range infusionCPT {
		l = append(l, Coding{System: CPT, Code: code})
	}
	return l
}

// Therapeutic returns the category of a Procedure that treats.
func Therapeutic() Coding { return Coding{System: Snomed, Code: "277132007"} }

// ApheresisOPS returns the code of OPS for the collection of T cells.
func ApheresisOPS() Coding { return Coding{System: OPS, Code: "5-410.30"} }

// Organ is a manifestation of lupus.
type Organ struct {
	Name  string // as tables call it: nephritis
	Local string // code
	Codes []Coding
}

// organs in the order of the local codes' displays.
var organs = []Organ{
	{"nephritis", "organ-renal", []Coding{{System: Snomed, Code: "68815009"}, {ICD10CM, "M32.14", "Glomerular disease in systemic lupus erythematosus"}, Of("organ-renal")}},
	{"pericarditis", "organ-cardiac", []Coding{{System: Snomed, Code: "309762007"}, {ICD10CM, "M32.12", "Pericarditis in systemic lupus erythematosus"}, Of("organ-cardiac")}},
	{"lung", "organ-pulmonary", []Coding{{System: Snomed, Code: "196138005"}, {ICD10CM, "M32.13", "Lung involvement in systemic lupus erythematosus"}, Of("organ-pulmonary")}},
	{"arthritis", "organ-joints", []Coding{{ICD10CM, "M32.19", otherOrgan}, Of("organ-joints")}},
	{"skin", "organ-skin", []Coding{{ICD10CM, "M32.19", otherOrgan}, Of("organ-skin")}},
	{"blood", "organ-blood", []Coding{{ICD10CM, "M32.19", otherOrgan}, Of("organ-blood")}},
	{"cns", "organ-cns", []Coding{{System: Snomed, Code: "1144942002"}, {ICD10CM, "M32.19", otherOrgan}, Of("organ-cns")}},
}

const otherOrgan = "Other organ or system involvement in systemic lupus erythematosus"

// Organs returns the manifestations of lupus.
func Organs() []Organ { return append([]Organ(nil), organs...) }

// ToxicityCodes are ICD-10-CM's codes of a kind of toxicity ("crs", "icans") by grade; index 0 is empty.
func ToxicityCodes(kind string) [6]string {
	switch kind {
	case "crs":
		return [6]string{"", "D89.831", "D89.832", "D89.833", "D89.834", "D89.835"}
	case "icans":
		return [6]string{"", "G92.01", "G92.02", "G92.03", "G92.04", "G92.05"}
	default:
		return [6]string{}
	}
}

// ToxicityOf returns which toxicity ("crs", "icans") a code means, and its grade, -1 of one without a grade; "" is none.
func ToxicityOf(system, code string) (kind string, grade int) {
	if system != ICD10CM {
		return "", -1
	}
	switch code {
	case "D89.839":
		return CRS, -1
	case "G92.00":
		return ICANS, -1
	}
	for _, kind := range []string{CRS, ICANS} {
		codes := ToxicityCodes(kind)
		if grade := slices.Index(codes[1:], code); grade >= 0 {
			return kind, grade + 1
		}
	}
	return "", -1
}

// Analyte is a laboratory value of this field: the LOINC codes by which it is recognized, the first one written, and
// its canonical unit.
type Analyte struct {
	Name  string // as queries call it: dsdna
	Label string
	Codes []string
	Unit  string // UCUM; "" is kept as the laboratory says: no unit converts between assays
}

// analytes in the order of their report.
var analytes = []Analyte{
	{"dsdna", "Antibodies to double-stranded DNA", []string{"5130-0"}, ""},
	{"c3", "Complement C3", []string{"4485-9"}, "g/L"},
	{"c4", "Complement C4", []string{"4498-2"}, "g/L"},
	{"upcr", "Protein/creatinine ratio in urine", []string{"2890-2", "13801-6", "34366-5"}, "g/g"},
	{"urine-protein", "Protein in 24-hour urine", []string{"2889-4"}, "g/(24.h)"},
	{"creatinine", "Creatinine", []string{"2160-0"}, "mg/dL"},
	{"egfr", "Glomerular filtration rate by CKD-EPI 2021", []string{"98979-8"}, "mL/min/{1.73_m2}"},
	{"platelets", "Platelets", []string{"777-3", "26515-7"}, "10*9/L"},
	{"leukocytes", "Leukocytes", []string{"6690-2", "26464-8"}, "10*9/L"},
	{"hemoglobin", "Hemoglobin", []string{"718-7"}, "g/dL"},
	{"neutrophils", "Neutrophils", []string{"751-8"}, "10*9/L"},
	{"lymphocytes", "Lymphocytes", []string{"731-0"}, "10*9/L"},
	{"ldh", "Lactate dehydrogenase", []string{"2532-0"}, "U/L"},
	{"ferritin", "Ferritin", []string{"2276-4"}, "ng/mL"},
	{"cd19", "CD19+ cells", []string{"8116-6"}, "/uL"},
	{"cd19-percent", "CD19+ cells, share of lymphocytes", []string{"8117-4"}, "%"},
	{"igg", "Immunoglobulin G", []string{"2465-3"}, "mg/dL"},
	{"iga", "Immunoglobulin A", []string{"2458-8"}, "mg/dL"},
	{"igm", "Immunoglobulin M", []string{"2472-9"}, "mg/dL"},
	{"il-6", "Interleukin 6", []string{"26881-3"}, "pg/mL"},
	{"crp", "C-reactive protein", []string{"1988-5", "30522-7"}, "mg/L"},
	{"esr", "Erythrocyte sedimentation rate", []string{"30341-2"}, "mm/h"},
	{"ana", "Antinuclear antibodies, titer", []string{"5048-4"}, "{titer}"},
}

// Analytes returns the laboratory values of this field.
func Analytes() []Analyte { return append([]Analyte(nil), analytes...) }

// AnalyteNamed returns a laboratory value by name.
func AnalyteNamed(name string) (Analyte, bool) {
	for _, a := range analytes {
		if a.Name == name {
			return a, true
		}
	}
	return Analyte{}, false
}

// AnalyteOf returns the laboratory value of a LOINC code.
func AnalyteOf(loinc string) (Analyte, bool) {
	for _, a := range analytes {
		for _, c := range a.Codes {
			if c == loinc {
				return a, true
			}
		}
	}
	return Analyte{}, false
}
