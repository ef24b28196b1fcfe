package cart

import (
	"fmt"
	"regexp"
	"strings"

	"firewolf/mapping"
	"firewolf/registry/term"
)

// The shapes of codes of procedures. ICD-10-PCS has neither I nor O.
var (
	shapeCPT = regexp.MustCompile(`^[0-9]{4}[0-9A-Z]$`)
	shapePCS = regexp.MustCompile(`^[0-9A-HJ-NP-Z]{7}$`)
	shapeOPS = regexp.MustCompile(`^[0-9]-[0-9a-z]{3}(\.[0-9a-z]{1,2})?$`)
	// Infusions of CAR-T cells into a peripheral or a central vein, of technology group 7, and the older code of group 3.
	cellsPCS = regexp.MustCompile(`^XW0[34]3([CGHJKMN]7|C3)$`)
)

// The CPT codes are named by number: their texts are not ours to give.
var administrationsCPT = map[string]bool{"38228": true, "0540T": true}

// namedCells are products that have a code of ICD-10-PCS of their own, with how that goes on after XW033 and how they are called.
var namedCells = []struct {
	suffix, name string
	spoken       []string
}{
	{"H7", "axi-cel", []string{"axi", "yescarta"}},
	{"J7", "tisa-cel", []string{"tisa", "kymriah"}},
	{"K7", "ide-cel", []string{"ide-cel", "idecab", "abecma"}},
	{"M7", "brexu-cel", []string{"brexu", "tecartus"}},
	{"N7", "liso-cel", []string{"liso", "breyanzi"}},
}

// administrationSystem returns the code system of a code of the administration, "" for a text that is no code.
func administrationSystem(code string) string {
	switch {
	case shapeCPT.MatchString(code):
		return term.CPT
	case shapePCS.MatchString(code):
		return term.ICD10PCS
	case shapeOPS.MatchString(code):
		return term.OPS
	}
	return ""
}

// judgeProcedure holds the code of the administration to what it means. That of OPS for an infusion could not be confirmed: it is kept.
func (r *record) judgeProcedure(e entry) {
	code, product := e.Cell("procedure_code"), e.Cell("product")
	if code == "" {
		return
	}
	if why := wrongProcedure(code, product); why != "" {
		r.Report(e.Row, "procedure_code", ruleProcedure, why)
	} else if administrationSystem(code) == term.OPS {
		r.Report(e.Row, "procedure_code", ruleUnmapped, mapping.Quote(code)+" is kept as a code of OPS: what it means is not checked")
	}
}

// wrongProcedure says what is wrong with a code of the administration, "" for nothing that is known.
func wrongProcedure(code, product string) string {
	switch code {
	case "0537T", "38225":
		return code + " is the harvest of cells, not their administration (0540T, 38228)"
	case "0538T", "0539T", "38226", "38227":
		return code + " is a preparation of cells, not their administration (0540T, 38228)"
	}
	switch administrationSystem(code) {
	case term.CPT:
		if !administrationsCPT[code] {
			return code + " is no administration of CAR-T cells of CPT (0540T, 38228)"
		}
	case term.ICD10PCS:
		if !cellsPCS.MatchString(code) {
			return code + " is no infusion of CAR-T cells of ICD-10-PCS (XW033C7 and others of XW033 and XW043)"
		}
		return wrongCells(code, product)
	case term.OPS:
		if strings.HasPrefix(code, "5-410") {
			return code + " is the collection of cells, not their administration"
		}
	default:
		return mapping.Quote(code) + " is no code of ICD-10-PCS, CPT or OPS"
	}
	return ""
}

// wrongCells says that a code of ICD-10-PCS is that of another product, "" where it may be that of this one.
func wrongCells(code, product string) string {
	named := strings.ToLower(product)
	ofOther := named == "mb-cart19-1" || named == "obe-cel" || named == "cd19-bcma"
	for _, c := range namedCells {
		for _, s := range c.spoken {
			if strings.HasPrefix(named, s) && !strings.HasSuffix(code, c.suffix) {
				return fmt.Sprintf("%s is not for %s, which has XW033%s", code, product, c.suffix)
			}
		}
		if ofOther && strings.HasSuffix(code, c.suffix) {
			return fmt.Sprintf("%s is for %s, not for %s", code, c.name, product)
		}
	}
	return ""
}
