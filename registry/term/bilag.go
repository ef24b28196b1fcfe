package term

import "strings"

// bilag are the systems of BILAG-2004 in the order of its form, by the ends of their local codes.
var bilag = [...]string{
	"constitutional", "mucocutaneous", "neuropsychiatric", "musculoskeletal", "cardiorespiratory", "gastrointestinal", "ophthalmic", "renal", "hematologic",
}

// BilagSystems is how many systems BILAG-2004 has.
const BilagSystems = len(bilag)

// BilagCode is the local code of a system by its place.
func BilagCode(k int) string { return "bilag-" + bilag[k] }

// BilagSystem returns the place of the system of a local code, -1 for none.
func BilagSystem(code string) int {
	name, ok := strings.CutPrefix(code, "bilag-")
	for k := range bilag {
		if ok && bilag[k] == name {
			return k
		}
	}
	return -1
}
