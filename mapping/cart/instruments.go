package cart

import (
	"fmt"

	"firewolf/mapping"
	"firewolf/registry/term"
)

// The names of the instruments.
const (
	patients = "patients"
	sle      = "sle"
	priorTx  = "prior_tx"
	course   = "course"
	infusion = "infusion"
	visits   = "visits"
	sledai   = "sledai"
	labs     = "labs"
	tox      = "tox"
	outcome  = "outcome"
)

// The columns that every instrument starts with.
const (
	recordColumn   = "registry_id"
	instanceColumn = "row_id"
)

func instrument(name string, columns ...mapping.Column) *mapping.Instrument {
	head := []mapping.Column{
		{Name: recordColumn, Kind: mapping.Name, Required: true, About: "The patient's pseudonym."},
		{Name: instanceColumn, Kind: mapping.Name, About: "What the source calls this row for ever; where it is given, it is the row's key."},
	}
	return mapping.NewInstrument(name, append(head, columns...)...)
}

// Instruments returns the canonical rows, in the order in which they are read.
func Instruments() []*mapping.Instrument {
	return []*mapping.Instrument{
		person(), disease(), therapies(), courses(), infusions(), visitRows(), scores(), laboratory(), toxicities(), outcomes(),
	}
}

func person() *mapping.Instrument {
	return instrument(
		patients,
		mapping.Column{Name: "center_id", Kind: mapping.Name, Required: true, About: "The center; its code is the security label of the patient."},
		mapping.Column{Name: "crid", Kind: mapping.Name, About: "The CIBMTR research id."},
		mapping.Column{Name: "sex", Kind: mapping.Code, Required: true, Codes: []string{"female", "male", "other", "unknown"}},
		mapping.Column{Name: "birth_year", Kind: mapping.Date, About: "The year; a month or a day is taken too, if it is given."},
		mapping.Column{Name: "consent_date", Kind: mapping.Date},
		mapping.Column{Name: "withdrawal_date", Kind: mapping.Date, About: "From then on the patient is in no answer."},
	)
}

func disease() *mapping.Instrument {
	columns := []mapping.Column{
		{Name: "dx_date", Kind: mapping.Date, About: "When lupus was diagnosed."},
		{Name: "icd_code", Kind: mapping.Text, About: "M32 of ICD-10, as far as it is known. 698694005 of SNOMED CT, lupus in remission, becomes lupus whose status is remission."},
		{Name: "status", Kind: mapping.Code, Codes: []string{"active", "remission", "relapse"}, About: "Of lupus now; active where it is missing and the code does not say remission."},
		{Name: "ana_titer", Kind: mapping.Text, About: "The highest ever: 1280 or 1:1280."},
		{Name: "aclr2019_score", Kind: mapping.Integer, About: "EULAR/ACR 2019, 0 to 51."},
		{Name: "ln_class", Kind: mapping.Code, Codes: []string{"i", "ii", "iii", "iv", "v", "iii-v", "iv-v", "vi"}, About: "ISN/RPS class of nephritis."},
		{Name: "ln_biopsy_date", Kind: mapping.Date},
	}
	for _, o := range term.Organs() {
		columns = append(columns, mapping.Column{Name: organColumn(o), Kind: mapping.Flag, About: o.Codes[len(o.Codes)-1].Display + "."})
	}
	return instrument(sle, columns...)
}

// organColumn is organ_renal of the local code organ-renal.
func organColumn(o term.Organ) string { return "organ_" + o.Local[len("organ-"):] }

func therapies() *mapping.Instrument {
	return instrument(
		priorTx,
		mapping.Column{Name: "line", Kind: mapping.Integer, About: "The line of therapy, from 1."},
		mapping.Column{Name: "drug", Kind: mapping.Code, Required: true, About: "A drug by name; see the list of drugs."},
		mapping.Column{Name: "start", Kind: mapping.Date},
		mapping.Column{Name: "stop", Kind: mapping.Date, About: "Missing: it goes on."},
		mapping.Column{Name: "reason_stop", Kind: mapping.Code, Codes: []string{"refractory", "intolerant", "completed", "before-lymphodepletion", "remission-kept"}},
	)
}

func courses() *mapping.Instrument {
	return instrument(
		course,
		mapping.Column{Name: "course_no", Kind: mapping.Integer, About: "1 where it is missing."},
		mapping.Column{Name: "apheresis_date", Kind: mapping.Date},
		mapping.Column{Name: "bridging", Kind: mapping.Flag, About: "Therapy between leukapheresis and lymphodepletion."},
		mapping.Column{Name: "ld_flu_mg_m2", Kind: mapping.Number, About: "Fludarabine a day."},
		mapping.Column{Name: "ld_flu_days", Kind: mapping.Days, About: "Days of the infusion (-5..-3), or how many from ld_start on (3)."},
		mapping.Column{Name: "ld_cy_mg_m2", Kind: mapping.Number, About: "Cyclophosphamide a day."},
		mapping.Column{Name: "ld_cy_days", Kind: mapping.Days},
		mapping.Column{Name: "ld_start", Kind: mapping.Date},
	)
}

func infusions() *mapping.Instrument {
	return instrument(
		infusion,
		mapping.Column{Name: "course_no", Kind: mapping.Integer, About: "1 where it is missing."},
		mapping.Column{Name: "infusion_date", Kind: mapping.Date, About: "To the day; missing only where oos is 1 and nothing was infused."},
		mapping.Column{Name: "product", Kind: mapping.Code, Required: true, About: "A product by name; see the list of products."},
		mapping.Column{Name: "lot", Kind: mapping.Name},
		mapping.Column{Name: "procedure_code", Kind: mapping.Code, About: "ICD-10-PCS, CPT or OPS of the administration."},
		mapping.Column{Name: "dose_e6_per_kg", Kind: mapping.Number, About: "Millions of CAR-T cells per kg."},
		mapping.Column{Name: "dose_total_e6", Kind: mapping.Number, About: "Millions of CAR-T cells."},
		mapping.Column{Name: "weight_kg", Kind: mapping.Number},
		mapping.Column{Name: "height_cm", Kind: mapping.Number},
		mapping.Column{Name: "viability_pct", Kind: mapping.Number},
		mapping.Column{Name: "transduction_pct", Kind: mapping.Number},
		mapping.Column{Name: "oos", Kind: mapping.Flag, About: "The product was out of specification."},
	)
}

// timepoints are the codes of visit_code, without "tp-".
func timepoints() []string {
	l := []string{term.Baseline[len("tp-"):]}
	for _, p := range term.Timepoints() {
		l = append(l, p.Code[len("tp-"):])
	}
	return append(l, unscheduled)
}

// unscheduled is the visit code of a visit that no plan knows.
const unscheduled = "unscheduled"

func visitColumns(required bool) []mapping.Column {
	return []mapping.Column{
		{Name: "visit_date", Kind: mapping.Date, Required: required},
		{Name: "visit_code", Kind: mapping.Code, Codes: timepoints(), About: "The planned assessment that this is: base, d28, m03, …"},
	}
}

func visitRows() *mapping.Instrument {
	columns := append(visitColumns(true),
		mapping.Column{Name: "pga", Kind: mapping.Number, About: "Physician global assessment."},
		mapping.Column{Name: "pga_scale", Kind: mapping.Code, Codes: []string{"3", "10", "100"}, About: "The end of its scale; 3 where it is missing."},
		mapping.Column{Name: "pred_mg_d", Kind: mapping.Number, About: "Prednisolone equivalent."},
	)
	for _, d := range visitDrugs {
		columns = append(columns, mapping.Column{Name: d.column, Kind: mapping.Flag, About: "Whether " + d.drug + " is taken."})
	}
	columns = append(columns,
		mapping.Column{Name: hemolysisColumn, Kind: mapping.Flag, About: "Hemolytic anemia by lupus."},
		mapping.Column{Name: "gi_activity", Kind: mapping.Flag, About: "Gastrointestinal activity of lupus."},
		mapping.Column{Name: "sdi", Kind: mapping.Integer, About: "SLICC/ACR damage index, 0 to 47."},
		mapping.Column{Name: "last_alive", Kind: mapping.Date, About: "The last day on which the patient is known to have lived."},
	)
	return instrument(visits, columns...)
}

// hemolysisColumn is spelled as registries spell it.
const hemolysisColumn = "haem_anaemia"

// visitDrugs are the drugs that a visit says yes or no to.
var visitDrugs = []struct{ column, drug string }{
	{"hcq", "hydroxychloroquine"},
	{"mmf", "mycophenolate"},
	{"aza", "azathioprine"},
	{"cni", "calcineurin-inhibitor"},
	{"biologic", "other-biologic"},
}

func scores() *mapping.Instrument {
	columns := append(visitColumns(true),
		mapping.Column{Name: "method", Kind: mapping.Code, Codes: []string{"sledai-2k", "selena-sledai"}, About: "The instrument; SLEDAI-2K where it is missing."},
	)
	for k, i := range term.Sledai() {
		columns = append(columns, mapping.Column{Name: itemColumn(k), Kind: mapping.Flag, About: fmt.Sprintf("%s (weight %d).", i.Label, i.Weight)})
	}
	columns = append(columns, mapping.Column{Name: "total", Kind: mapping.Integer, About: "The total of the source; it is checked, never replaced."})
	return instrument(sledai, columns...)
}

// itemColumn is s01 for the first item.
func itemColumn(k int) string { return fmt.Sprintf("s%02d", k+1) }

func laboratory() *mapping.Instrument {
	return instrument(
		labs,
		mapping.Column{Name: "date", Kind: mapping.Date, Required: true},
		mapping.Column{Name: "loinc", Kind: mapping.Code, About: "A LOINC code with its check digit."},
		mapping.Column{Name: "local_code", Kind: mapping.Name, About: "What the laboratory calls the test."},
		mapping.Column{Name: "value", Kind: mapping.Text, Required: true, About: "A number, with or without a comparator before it: <0.5."},
		mapping.Column{Name: "comparator", Kind: mapping.Code, Codes: []string{"<", "<=", ">", ">="}},
		mapping.Column{Name: "unit", Kind: mapping.Text, About: "UCUM."},
		mapping.Column{Name: "low", Kind: mapping.Number, About: "The laboratory's lower limit, in the same unit."},
		mapping.Column{Name: "high", Kind: mapping.Number, About: "The laboratory's upper limit, in the same unit."},
		mapping.Column{Name: "assay", Kind: mapping.Text, About: "How it was measured."},
	)
}

func toxicities() *mapping.Instrument {
	return instrument(
		tox,
		mapping.Column{Name: "course_no", Kind: mapping.Integer, About: "1 where it is missing."},
		mapping.Column{Name: "type", Kind: mapping.Code, Required: true, Codes: toxicityKinds},
		mapping.Column{Name: "onset", Kind: mapping.Date},
		mapping.Column{Name: "end", Kind: mapping.Date},
		mapping.Column{Name: "max_grade", Kind: mapping.Integer, Required: true, About: "0 to 5; 0 says that it was looked for and was not there."},
		mapping.Column{Name: "scale", Kind: mapping.Code, Codes: []string{"astct-2019", "ctcae-5", "ehaebmt-icaht"}, About: "astct-2019 for crs and icans where it is missing."},
		mapping.Column{Name: "ice", Kind: mapping.Integer, About: "The lowest ICE score, 0 to 10."},
		mapping.Column{Name: "icd_code", Kind: mapping.Text, About: "ICD-10-CM. Of crs and icans its last digit is the grade, and is checked."},
		mapping.Column{Name: "toci", Kind: mapping.Flag, About: "Tocilizumab was given for it."},
		mapping.Column{Name: "steroid", Kind: mapping.Flag, About: "A glucocorticoid was given for it."},
		mapping.Column{Name: "serious", Kind: mapping.Flag},
		mapping.Column{Name: "outcome", Kind: mapping.Code, Codes: []string{"resolved", "recovering", "ongoing", "resolvedWithSequelae", "fatal", "unknown"}},
	)
}

// toxicityKinds are the types of toxicities, which are local codes.
var toxicityKinds = []string{
	"crs", "icans", "licats", "icaht", "b-cell-aplasia", "hypogammaglobulinemia", "infection", "second-malignancy",
}

func outcomes() *mapping.Instrument {
	judged := []string{"met", "not-met", "not-evaluable"}
	return instrument(
		outcome,
		append(visitColumns(false),
			mapping.Column{Name: "doris", Kind: mapping.Code, Codes: judged, About: "DORIS 2021 as the clinician judged it."},
			mapping.Column{Name: "lldas", Kind: mapping.Code, Codes: judged, About: "LLDAS as the clinician judged it."},
			mapping.Column{Name: "relapse_date", Kind: mapping.Date},
			mapping.Column{Name: "death_date", Kind: mapping.Date},
			mapping.Column{Name: "cause", Kind: mapping.Code, Codes: []string{"lupus", "therapy", "other", "unknown"}, About: "Of death."},
		)...,
	)
}
