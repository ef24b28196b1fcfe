package term

import "strings"

// The groups of ATC in which nothing stands that suppresses the immune system, no glucocorticoid for systemic use and no antimalarial, and what
// is within them and does all the same: corticosteroids for systemic use stand in H02, but for combinations in M01B and those
// that are against inflammation of the bowel, in A07E. Antirheumatics stand in M01C too, and antibodies against inflammation in D11AH and
// R03DX. Of groups that are in neither list nothing is said: L, and P with the antimalarials. The aminoquinolines apart, most of P is no drug
// of this field either, but nobody needs it here. https://www.whocc.no/atc_ddd_index/?code=H02
var (
	atcElsewhere = []string{"A", "B", "C", "D", "G", "H03", "J", "M", "N", "R", "S"}
	atcWithin    = []string{"A07E", "D11AH", "M01B", "M01C", "R03DX"}
)

// atcLength is how many signs the code of a group has: of the anatomical main group, the therapeutic, pharmacological and chemical subgroups, and
// the substance.
var atcLength = map[int]bool{1: true, 3: true, 4: true, 5: true, 7: true}

// ElsewhereByATC reports whether a code of ATC alone says that a drug is neither a glucocorticoid for systemic use, nor an immunosuppressive or
// biologic, nor an antimalarial: a proton pump inhibitor, say. A code of a group that holds one that is says nothing.
func ElsewhereByATC(code string) bool {
	if !atcLength[len(code)] {
		return false
	}
	starts := func(group string) bool { return strings.HasPrefix(code, group) }
	for _, g := range atcWithin {
		if starts(g) || strings.HasPrefix(g, code) {
			return false
		}
	}
	for _, g := range atcElsewhere {
		if starts(g) {
			return true
		}
	}
	return false
}
