package cart

import "firewolf/mapping"

// The rules that rows are held to. Their ids are stable: reports and OperationOutcomes name them.
var (
	ruleRequired   = mapping.Rule{ID: "required", Severity: mapping.Error, About: "A cell that the row cannot do without is empty."}
	ruleCode       = mapping.Rule{ID: "code-unknown", Severity: mapping.Error, About: "A code that the column does not know."}
	ruleUnmapped   = mapping.Rule{ID: "code-unmapped", Severity: mapping.Warning, About: "A drug, product or test that is not known: it is kept as text and as a code of the center."}
	ruleDate       = mapping.Rule{ID: "date", Severity: mapping.Error, About: "A text that is no date, a day that does not exist, or one before 1900."}
	ruleFuture     = mapping.Rule{ID: "date-future", Severity: mapping.Error, About: "A date after today."}
	ruleNumber     = mapping.Rule{ID: "number", Severity: mapping.Error, About: "A text that is no number, or one of more digits than anybody measures: over 20, or over 15 before the point."}
	ruleFlag       = mapping.Rule{ID: "flag", Severity: mapping.Error, About: "Neither 1 nor 0."}
	ruleDays       = mapping.Rule{ID: "days", Severity: mapping.Error, About: "Neither a count of days nor offsets of days, or more than 14 of them."}
	ruleText       = mapping.Rule{ID: "text", Severity: mapping.Error, About: "Control characters, or too long a text."}
	ruleFormula    = mapping.Rule{ID: "formula", Severity: mapping.Error, About: "A cell that a spreadsheet would compute: it starts with =, +, - or @."}
	ruleDuplicate  = mapping.Rule{ID: "duplicate-key", Severity: mapping.Error, About: "Two rows with the same key, or of one patient, lupus or course, say different things: neither is taken."}
	ruleRepeated   = mapping.Rule{ID: "repeated-row", Severity: mapping.Warning, About: "The same row twice: it is taken once."}
	ruleNoPatient  = mapping.Rule{ID: "patient-missing", Severity: mapping.Error, About: "The row of the patient in patients is missing or was rejected."}
	ruleNoInfusion = mapping.Rule{ID: "infusion-missing", Severity: mapping.Error, About: "The infusion that the row is about, or can be about, is missing or was rejected."}
	ruleDepends    = mapping.Rule{ID: "depends", Severity: mapping.Error, About: "A row that this one is part of was rejected."}
	ruleNoSLE      = mapping.Rule{ID: "sle-missing", Severity: mapping.Warning, About: "A patient without a row in sle: nothing says what the therapy was for."}
	ruleNoConsent  = mapping.Rule{ID: "consent-missing", Severity: mapping.Warning, About: "A patient without a date of consent: the patient is in no answer, unless a Consent was stored otherwise."}
	ruleAgain      = mapping.Rule{ID: "deleted-before", Severity: mapping.Warning, About: "A patient who was deleted, as who asked to be erased, and is in the files: the patient is created again."}

	ruleOrder       = mapping.Rule{ID: "course-order", Severity: mapping.Error, About: "Leukapheresis < each day of lymphodepletion < infusion <= onset of CRS."}
	ruleInfusionDay = mapping.Rule{ID: "infusion-day", Severity: mapping.Error, About: "An infusion needs its date to the day, unless the product was out of specification."}
	ruleDaysFit     = mapping.Rule{ID: "ld-days", Severity: mapping.Warning, About: "The first day of lymphodepletion is not ld_start."}
	ruleRegimen     = mapping.Rule{ID: "ld-incomplete", Severity: mapping.Warning, About: "A dose of lymphodepletion without days, days without a dose, or days that count from a date that is missing: no administration is kept."}
	ruleCRSOnset    = mapping.Rule{ID: "crs-onset", Severity: mapping.Warning, About: "CRS starts within 30 days of the infusion."}
	ruleICANSOnset  = mapping.Rule{ID: "icans-onset", Severity: mapping.Warning, About: "ICANS starts within 45 days of the infusion."}
	ruleGrade       = mapping.Rule{ID: "grade-range", Severity: mapping.Error, About: "A grade is 0 to 5."}
	ruleGradeICD    = mapping.Rule{ID: "grade-icd", Severity: mapping.Error, About: "The grade digit of the ICD-10-CM code is not the grade."}
	ruleGradeDates  = mapping.Rule{ID: "grade-dates", Severity: mapping.Error, About: "Grade 0 has no onset, another grade has one, and the end is not before it."}
	ruleGradeNone   = mapping.Rule{ID: "grade-none", Severity: mapping.Error, About: "Grade 0 says that there was none: it has no end, code, treatment, seriousness or outcome, and no other row of the course has a grade."}
	ruleGradeOfICE  = mapping.Rule{ID: "icans-ice", Severity: mapping.Warning, About: "The grade of ICANS is lower than its ICE score gives (ASTCT 2019, from 12 years on)."}
	ruleNotDead     = mapping.Rule{ID: "death-missing", Severity: mapping.Warning, About: "A toxicity of grade 5, or a fatal one, of a patient without a date of death: nobody is dead by it."}
	ruleICE         = mapping.Rule{ID: "ice-range", Severity: mapping.Error, About: "ICE is 0 to 10."}
	rulePGA         = mapping.Rule{ID: "pga-range", Severity: mapping.Error, About: "PGA is 0 to the end of its scale."}
	rulePred        = mapping.Rule{ID: "pred-range", Severity: mapping.Error, About: "A dose of prednisolone is not negative."}
	ruleSDI         = mapping.Rule{ID: "sdi-range", Severity: mapping.Error, About: "SDI is 0 to 47."}
	ruleSDIFalls    = mapping.Rule{ID: "sdi-monotone", Severity: mapping.Error, About: "SDI never falls: damage is irreversible."}
	ruleTotal       = mapping.Rule{ID: "sledai-total", Severity: mapping.Error, About: "A total of SLEDAI-2K is 0 to 105, and a sum of weights of items that are not absent."}
	ruleTotalSum    = mapping.Rule{ID: "sledai-sum", Severity: mapping.Warning, About: "The total of the source is not the sum of its items: the source's is kept."}
	ruleNoItems     = mapping.Rule{ID: "sledai-empty", Severity: mapping.Error, About: "Neither an item nor a total."}
	ruleScore       = mapping.Rule{ID: "score-range", Severity: mapping.Error, About: "The score of EULAR/ACR 2019 is 0 to 51."}
	ruleTiter       = mapping.Rule{ID: "titer", Severity: mapping.Error, About: "A titer is 1280 or 1:1280."}
	ruleICD         = mapping.Rule{ID: "icd-lupus", Severity: mapping.Error, About: "The diagnosis is a code of ICD-10-CM below M32, and not M32.0, lupus by a drug; or 698694005 of SNOMED CT."}
	ruleNephritis   = mapping.Rule{ID: "nephritis", Severity: mapping.Warning, About: "A class of lupus nephritis beside organ_renal 0: nephritis is kept. A biopsy without a class: it is not kept."}
	ruleDose        = mapping.Rule{ID: "dose-range", Severity: mapping.Warning, About: "A dose per kg, as it is told or as total and weight give it, is 0.01 to 10 million cells."}
	ruleSign        = mapping.Rule{ID: "not-positive", Severity: mapping.Error, About: "A dose, a weight, a height, a line of therapy or a number of a course that is 0 or less."}
	ruleDoseTotal   = mapping.Rule{ID: "dose-total", Severity: mapping.Error, About: "The total dose is the dose per kg times the weight, within 10 %."}
	rulePercent     = mapping.Rule{ID: "percent", Severity: mapping.Error, About: "A share is 0 to 100 %."}
	ruleProcedure   = mapping.Rule{ID: "procedure-code", Severity: mapping.Error, About: "A code that means another procedure or another product, or none of ICD-10-PCS, CPT or OPS."}
	ruleOneInfusion = mapping.Rule{ID: "one-infusion", Severity: mapping.Error, About: "One index infusion a course: outcomes are about it."}
	ruleBeforeCells = mapping.Rule{ID: "outcome-before-infusion", Severity: mapping.Error, About: "An outcome is not before the infusion."}
	ruleDORISSledai = mapping.Rule{ID: "doris-csledai", Severity: mapping.Error, About: "DORIS is met, but clinical SLEDAI is above 0."}
	ruleLLDASPGA    = mapping.Rule{ID: "lldas-pga", Severity: mapping.Error, About: "LLDAS is met, but PGA is above 1."}
	ruleDORISLLDAS  = mapping.Rule{ID: "doris-lldas", Severity: mapping.Warning, About: "DORIS is met and LLDAS is not: only new activity or an investigational drug explains that."}
	ruleAfterDeath  = mapping.Rule{ID: "after-death", Severity: mapping.Error, About: "Something is dated after the death."}
	ruleTwoDeaths   = mapping.Rule{ID: "two-deaths", Severity: mapping.Error, About: "Two dates of death, or two causes."}
	ruleBackwards   = mapping.Rule{ID: "period", Severity: mapping.Error, About: "An end before its start."}
	ruleNoStop      = mapping.Rule{ID: "stop-missing", Severity: mapping.Warning, About: "A reason why a therapy stopped without the date: its period has no end, so that it counts as taken."}
	ruleGoesOn      = mapping.Rule{ID: "outcome-end", Severity: mapping.Warning, About: "A toxicity that goes on, or of which the patient recovers, and that has an end: it counts as resolved."}
	ruleEarlyLeave  = mapping.Rule{ID: "withdrawal-early", Severity: mapping.Warning, About: "A withdrawal before the consent: the patient is withdrawn, whatever the dates."}
	ruleCauseAlone  = mapping.Rule{ID: "cause-alone", Severity: mapping.Warning, About: "A cause of death without a date of death: nobody is dead by it, and it is not kept."}
	ruleNoRange     = mapping.Rule{ID: "range-missing", Severity: mapping.Warning, About: "Anti-dsDNA, C3 or C4 without a reference range: items 20 and 21 of SLEDAI cannot be checked."}
	ruleRange       = mapping.Rule{ID: "range", Severity: mapping.Error, About: "A reference range whose low is above its high."}
	ruleNegative    = mapping.Rule{ID: "lab-negative", Severity: mapping.Error, About: "A laboratory value below 0."}
	ruleUnit        = mapping.Rule{ID: "unit-unknown", Severity: mapping.Error, About: "A unit that UCUM does not have."}
	ruleUnitKind    = mapping.Rule{ID: "unit-wrong", Severity: mapping.Error, About: "A unit in which the test is not measured, so that it cannot be converted."}
	ruleCheckDigit  = mapping.Rule{ID: "loinc-check-digit", Severity: mapping.Error, About: "A LOINC code whose check digit is wrong."}
	rulePairing     = mapping.Rule{ID: "loinc-pairing", Severity: mapping.Error, About: "A LOINC code that means another test than the name beside it."}
	ruleNoTest      = mapping.Rule{ID: "lab-code", Severity: mapping.Error, About: "Neither a LOINC code nor a local code."}
	ruleComparators = mapping.Rule{ID: "comparator", Severity: mapping.Error, About: "Two comparators that differ."}
)

// Rules returns the rules of this package, for the documentation.
func Rules() []mapping.Rule {
	return []mapping.Rule{
		ruleRequired, ruleCode, ruleUnmapped, ruleDate, ruleFuture, ruleNumber, ruleFlag, ruleDays, ruleText, ruleFormula, ruleDuplicate, ruleRepeated,
		ruleNoPatient, ruleNoInfusion, ruleDepends, ruleNoSLE, ruleNoConsent, ruleAgain,
		ruleOrder, ruleInfusionDay, ruleDaysFit, ruleRegimen, ruleCRSOnset, ruleICANSOnset, ruleGrade, ruleGradeICD, ruleGradeDates, ruleGradeNone, ruleGradeOfICE, ruleNotDead, ruleICE, rulePGA, rulePred,
		ruleSDI, ruleSDIFalls, ruleTotal, ruleTotalSum, ruleNoItems, ruleScore, ruleTiter, ruleICD, ruleNephritis, ruleDose, ruleSign, ruleDoseTotal, rulePercent, ruleProcedure,
		ruleOneInfusion, ruleBeforeCells, ruleDORISSledai, ruleLLDASPGA, ruleDORISLLDAS, ruleAfterDeath, ruleTwoDeaths, ruleBackwards, ruleNoStop, ruleGoesOn, ruleEarlyLeave,
		ruleCauseAlone,
		ruleNoRange, ruleRange, ruleNegative, ruleUnit, ruleUnitKind, ruleCheckDigit, rulePairing, ruleNoTest, ruleComparators,
	}
}
