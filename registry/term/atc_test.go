package term

import "testing"

func TestAGroupOfATCSaysThatADrugIsNoneOfThisField(t *testing.T) {
	for code, want := range map[string]bool{
		"A02BC02": true, "A02BC": true, "A10": true, "B01AF02": true, "C": true, "C09AA02": true, "G03CA03": true, "H03AA01": true,
		"J01EE01": true, "J05AB01": true, "M01AE01": true, "N02BE01": true, "R03BA02": true, "S01EE01": true, "D07AC01": true,

		"A07EA06": false, "A07E": false, "A07": false, "A": false, "D11AH05": false, "D11A": false, "M01BA01": false, "M01CB03": false, "M01": false,
		"R03DX09": false, "R03D": false, "H02AB06": false, "H": false, "H01AA01": false, "P01BA02": false, "L04AX01": false, "L01": false, "V03AF03": false,
		"": false, "A0": false, "A02BC0": false, "A02BC021": false, "a02bc02": false, "X01AA01": false,
	} {
		if got := ElsewhereByATC(code); got != want {
			t.Errorf("%q: %v", code, got)
		}
	}
}
