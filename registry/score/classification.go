package score

import (
	"strconv"

	"firewolf/registry/term"
)

// Domain is a domain of the EULAR/ACR classification: only its heaviest criterion counts.
type Domain struct {
	Code     string // local: eular-acr-2019-renal
	Clinical bool
	Criteria []Weighted
}

// Weighted is a criterion with its weight.
type Weighted struct {
	Name   string
	Weight int
}

// classifyFrom is the score from which on a patient is classified.
const classifyFrom = 10

// Domains returns the domains of the EULAR/ACR 2019 classification. A criterion is not counted if a likelier cause
// exists; the criteria need not hold at one time. Fever is above 38.3 °C and leukopenia below 4.0/nL here.
// Aringer M et al. Ann Rheum Dis 2019;78:1151-1159. https://doi.org/10.1136/annrheumdis-2018-214819
func Domains() []Domain {
	return []Domain{
		{"eular-acr-2019-constitutional", true, []Weighted{{"fever", 2}}},
		{"eular-acr-2019-hematologic", true, []Weighted{{"leukopenia", 3}, {"thrombocytopenia", 4}, {"hemolysis", 4}}},
		{"eular-acr-2019-neuropsychiatric", true, []Weighted{{"delirium", 2}, {"psychosis", 3}, {"seizure", 5}}},
		{"eular-acr-2019-mucocutaneous", true, []Weighted{{"alopecia", 2}, {"oral-ulcers", 2}, {"subacute-or-discoid", 4}, {"acute-cutaneous", 6}}},
		{"eular-acr-2019-serosal", true, []Weighted{{"effusion", 5}, {"acute-pericarditis", 6}}},
		{"eular-acr-2019-musculoskeletal", true, []Weighted{{"joints", 6}}},
		{"eular-acr-2019-renal", true, []Weighted{{"proteinuria", 4}, {"class-ii-or-v", 8}, {"class-iii-or-iv", 10}}},
		{"eular-acr-2019-antiphospholipid", false, []Weighted{{"antiphospholipid", 2}}},
		{"eular-acr-2019-complement", false, []Weighted{{"c3-or-c4", 3}, {"c3-and-c4", 4}}},
		{"eular-acr-2019-antibodies", false, []Weighted{{"dsdna-or-sm", 6}}},
	}
}

// ANATiter is the entry criterion: antinuclear antibodies of at least 1:80, ever.
const ANATiter = 80

// ClassificationInput is what a patient is classified by. A criterion that nobody looked for is absent: the
// classification counts what was found.
type ClassificationInput struct {
	ANA   Value // the highest titer ever
	Found map[string]bool
}

// Classify is the classification as systemic lupus erythematosus, with the score.
func Classify(in ClassificationInput) (Outcome, int) {
	total, clinical := 0, false
	var beside []Criterion
	for _, d := range Domains() {
		top := 0
		for _, c := range d.Criteria {
			if in.Found[c.Name] {
				top = max(top, c.Weight)
			}
		}
		total += top
		clinical = clinical || d.Clinical && top > 0
		beside = append(beside, Criterion{d.Code, Is(top > 0), []Input{{Name: "points", Value: strconv.Itoa(top)}}})
	}
	o := classified(in.ANA, Num(float64(total)), Is(clinical))
	o.Beside = beside
	return o, total
}

// ClassifyTotal is the classification by a score of which only the total is told. Whether there is a clinical criterion follows from a total that the
// others cannot reach.
func ClassifyTotal(ana, total Value) Outcome {
	others := 0
	for _, d := range Domains() {
		if !d.Clinical {
			others += d.Criteria[len(d.Criteria)-1].Weight
		}
	}
	clinical := total.Above(float64(others))
	if clinical == No {
		clinical = Unknown
	}
	return classified(ana, total, clinical)
}

func classified(ana, total Value, clinical Truth) Outcome {
	return conclude(term.EULARACR2019,
		Criterion{"eular-acr-2019-ana", ana.AtLeast(ANATiter), []Input{number("ana", ana)}},
		Criterion{"eular-acr-2019-ten", total.AtLeast(classifyFrom), []Input{number("points", total)}},
		Criterion{"eular-acr-2019-clinical", clinical, nil},
	)
}
