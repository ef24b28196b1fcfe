package term

// Class says what a drug means to the words "glucocorticoid-free", "immunosuppressive-free" and "antimalarial-free".
type Class string

// The classes.
const (
	Glucocorticoid    Class = "gc"
	Immunosuppressive Class = "is" // biologics too
	Antimalarial      Class = "antimalarial"
	Rescue            Class = "rescue" // against the toxicity of the cells, not against lupus
)

// Drug is a medicine of this field. Where no code of a public system could be confirmed a local one stands.
type Drug struct {
	Name     string // as tables call it: mycophenolate
	Code     Coding // that we write
	Also     []Coding
	Text     string
	Class    Class
	BCell    bool // directed against B cells: given again after CAR-T cells it is a treatment of a relapse
	Biologic bool
}

// drugs in order of class. Also are codes that mean the same and are understood when read.
var drugs = []Drug{
	{Name: "methylprednisolone-pulse", Code: Coding{RxNorm, "6902", "methylprednisolone"}, Text: "methylprednisolone, intravenous pulses", Class: Glucocorticoid},
	{Name: "prednisolone", Code: Of("prednisolone"), Text: "prednisolone", Class: Glucocorticoid},
	{Name: "dexamethasone", Code: Of("dexamethasone"), Text: "dexamethasone", Class: Glucocorticoid},
	{Name: "other-glucocorticoid", Code: Of("other-glucocorticoid"), Text: "other glucocorticoid", Class: Glucocorticoid},
	{Name: "hydroxychloroquine", Code: Of("hydroxychloroquine"), Text: "hydroxychloroquine", Class: Antimalarial},
	{Name: "mycophenolate", Code: Coding{RxNorm, "68149", "mycophenolate mofetil"}, Text: "mycophenolate mofetil", Class: Immunosuppressive},
	{Name: "azathioprine", Code: Of("azathioprine"), Text: "azathioprine", Class: Immunosuppressive},
	{Name: "methotrexate", Code: Coding{RxNorm, "6851", "methotrexate"}, Text: "methotrexate", Class: Immunosuppressive},
	{Name: "tacrolimus", Code: Coding{RxNorm, "42316", "tacrolimus"}, Text: "tacrolimus", Class: Immunosuppressive},
	{Name: "ciclosporin", Code: Coding{RxNorm, "3008", "cyclosporine"}, Text: "ciclosporin", Class: Immunosuppressive},
	{Name: "sirolimus", Code: Coding{RxNorm, "35302", "sirolimus"}, Text: "sirolimus", Class: Immunosuppressive},
	{Name: "cyclophosphamide", Code: Coding{RxNorm, "3002", "cyclophosphamide"}, Text: "cyclophosphamide", Class: Immunosuppressive},
	{Name: "fludarabine", Code: Coding{RxNorm, "24698", "fludarabine"}, Text: "fludarabine", Class: Immunosuppressive},
	{
		Name: "belimumab", Code: Coding{ATC, "L04AG04", "belimumab"}, Text: "belimumab", Class: Immunosuppressive, BCell: true, Biologic: true,
		Also: []Coding{{System: ATC, Code: "L04AA26"}}, // until 2023
	},
	{
		Name: "rituximab", Code: Coding{RxNorm, "121191", "rituximab"}, Text: "rituximab", Class: Immunosuppressive, BCell: true, Biologic: true,
		Also: []Coding{{System: ATC, Code: "L01FA01"}, {System: ATC, Code: "L01XC02"}}, // the second until 2021
	},
	{Name: "other-immunosuppressive", Code: Of("other-immunosuppressive"), Text: "other immunosuppressive", Class: Immunosuppressive},
	{Name: "other-biologic", Code: Of("other-biologic"), Text: "other biologic", Class: Immunosuppressive, Biologic: true},
	{Name: "calcineurin-inhibitor", Code: Of("calcineurin-inhibitor"), Text: "calcineurin inhibitor", Class: Immunosuppressive},
	{Name: "tocilizumab", Code: Coding{RxNorm, "612865", "tocilizumab"}, Text: "tocilizumab", Class: Immunosuppressive, Biologic: true},
	{Name: "anakinra", Code: Of("anakinra"), Text: "anakinra", Class: Immunosuppressive, Biologic: true},
}

// Drugs returns the medicines of this field.
func Drugs() []Drug { return append([]Drug(nil), drugs...) }

// DrugNamed returns a medicine by the name that tables use.
func DrugNamed(name string) (Drug, bool) {
	for _, d := range drugs {
		if d.Name == name {
			return d, true
		}
	}
	return Drug{}, false
}

// DrugOf returns the medicine that a code means.
func DrugOf(system, code string) (Drug, bool) {
	for _, d := range drugs {
		if d.Code.System == system && d.Code.Code == code {
			return d, true
		}
		for _, c := range d.Also {
			if c.System == system && c.Code == code {
				return d, true
			}
		}
	}
	return Drug{}, false
}
