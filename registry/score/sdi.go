package score

// DamageItem is an item of the SLICC/ACR damage index.
type DamageItem struct {
	Code   string // local: sdi-cataract
	Weight int
	Twice  int // the weight where it happened more than once or at more than one site; 0 where that adds nothing
}

// ESRD replaces the other items of the kidney.
const ESRD = "sdi-end-stage-renal-disease"

// Damage returns the items of the SLICC/ACR damage index: irreversible since the diagnosis, for at least 6 months, of any
// cause. Gladman D et al. Arthritis Rheum 1996;39:363-369. https://doi.org/10.1002/art.1780390303
// Rupture of a tendon is an item of the revised form only and is left out. The items from the bowel on, and which count twice, are from memory:
// compare them with the form.
func Damage() []DamageItem {
	return []DamageItem{
		{"sdi-cataract", 1, 0},
		{"sdi-retinal-damage", 1, 0},
		{"sdi-cognitive-impairment", 1, 0},
		{"sdi-seizures", 1, 0},
		{"sdi-cva", 1, 2},
		{"sdi-neuropathy", 1, 0},
		{"sdi-transverse-myelitis", 1, 0},
		{"sdi-gfr-below-half", 1, 0},
		{"sdi-proteinuria", 1, 0},
		{ESRD, 3, 0},
		{"sdi-pulmonary-hypertension", 1, 0},
		{"sdi-pulmonary-fibrosis", 1, 0},
		{"sdi-shrinking-lung", 1, 0},
		{"sdi-pleural-fibrosis", 1, 0},
		{"sdi-pulmonary-infarction", 1, 0},
		{"sdi-angina-or-bypass", 1, 0},
		{"sdi-myocardial-infarction", 1, 2},
		{"sdi-cardiomyopathy", 1, 0},
		{"sdi-valvular-disease", 1, 0},
		{"sdi-pericarditis", 1, 0},
		{"sdi-claudication", 1, 0},
		{"sdi-minor-tissue-loss", 1, 0},
		{"sdi-significant-tissue-loss", 1, 2},
		{"sdi-venous-thrombosis", 1, 0},
		{"sdi-bowel-infarction", 1, 2},
		{"sdi-mesenteric-insufficiency", 1, 0},
		{"sdi-chronic-peritonitis", 1, 0},
		{"sdi-stricture-or-surgery", 1, 0},
		{"sdi-pancreatic-insufficiency", 1, 0},
		{"sdi-muscle-atrophy", 1, 0},
		{"sdi-erosive-arthritis", 1, 0},
		{"sdi-osteoporotic-fracture", 1, 0},
		{"sdi-avascular-necrosis", 1, 2},
		{"sdi-osteomyelitis", 1, 0},
		{"sdi-scarring-alopecia", 1, 0},
		{"sdi-extensive-scarring", 1, 0},
		{"sdi-skin-ulceration", 1, 0},
		{"sdi-gonadal-failure", 1, 0},
		{"sdi-diabetes", 1, 0},
		{"sdi-malignancy", 1, 2},
	}
}

// Harm is what is known of one item: Times is 2 or more where it happened again or at several sites.
type Harm struct {
	Truth
	Times int
}

// SDI adds up the damage. What is not told is not known: the score is then incomplete.
func SDI(harm map[string]Harm) Points {
	p := Points{Complete: true}
	esrd := harm[ESRD].Truth
	for _, i := range Damage() {
		if i.Code == ESRD || i.Code != "sdi-gfr-below-half" && i.Code != "sdi-proteinuria" {
			p.damage(i, harm[i.Code])
			continue
		}
		if esrd != Yes {
			p.damage(i, harm[i.Code])
		}
	}
	return p
}

func (p *Points) damage(i DamageItem, h Harm) {
	top := max(i.Weight, i.Twice)
	switch {
	case h.Truth == Unknown:
		p.Max += top
		p.Complete = false
	case h.Truth == Yes && h.Times > 1:
		p.Min += top
		p.Max += top
	case h.Truth == Yes:
		p.Min += i.Weight
		p.Max += i.Weight
	}
}

// DamageFell reports that a later index is lower than an earlier one, which is an error of the data: damage is irreversible.
func DamageFell(earlier, later Points) Truth {
	switch {
	case later.Max < earlier.Min:
		return Yes
	case earlier.Complete && later.Complete:
		return No
	default:
		return Unknown
	}
}
