package csv

import "firewolf/mapping"

// The rules that files are held to.
var (
	ruleNoFile       = mapping.Rule{ID: "file-missing", Severity: mapping.Error, About: "The file of the patients is not there, or a file that the mapping names."}
	ruleOtherFile    = mapping.Rule{ID: "file-unknown", Severity: mapping.Warning, About: "A CSV file that is no canonical one and that the mapping does not name: it is not read."}
	ruleHeader       = mapping.Rule{ID: "header", Severity: mapping.Error, About: "The file has no header that can be read, or a column twice."}
	ruleNoColumn     = mapping.Rule{ID: "column-missing", Severity: mapping.Error, About: "A column that rows cannot do without, or that the mapping names, is not in the file."}
	ruleOtherColumn  = mapping.Rule{ID: "column-unknown", Severity: mapping.Warning, About: "A column that nothing knows, or a cell under no name: it is not read. The mapping can ignore a column."}
	ruleEncoding     = mapping.Rule{ID: "encoding", Severity: mapping.Error, About: "Text that is not UTF-8, nor what the mapping says."}
	ruleSyntax       = mapping.Rule{ID: "csv-syntax", Severity: mapping.Error, About: "A quote where none may be, or that is not closed, or that holds rows together, or a NUL character."}
	ruleWidth        = mapping.Rule{ID: "row-width", Severity: mapping.Error, About: "More or fewer cells than the header."}
	ruleLong         = mapping.Rule{ID: "row-long", Severity: mapping.Error, About: "A row of more than 1 MiB."}
	ruleNoRecord     = mapping.Rule{ID: "required", Severity: mapping.Error, About: "A cell that the row cannot do without is empty."}
	ruleUnsure       = mapping.Rule{ID: "number-unsure", Severity: mapping.Error, About: "A number with a point in a file with decimal commas."}
	ruleTestConflict = mapping.Rule{ID: "test-conflict", Severity: mapping.Error, About: "A LOINC code beside a laboratory's name of a test for which the mapping has another code."}
	ruleLimitsUnit   = mapping.Rule{ID: "limits-unit", Severity: mapping.Warning, About: "A value in another unit than the limits that the mapping has for the test: they are not used."}
	ruleShared       = mapping.Rule{ID: "column-shared", Severity: mapping.Warning, About: "One column of the file is read as two, since the mapping names it for both, or for one while it is called as the other."}
	ruleMany         = mapping.Rule{ID: "rows-many", Severity: mapping.Error, About: "More than 20,000 rows of one patient: the rest is not read."}
)

// Rules returns the rules of this package, for the documentation.
func Rules() []mapping.Rule {
	return []mapping.Rule{
		ruleNoFile, ruleOtherFile, ruleHeader, ruleNoColumn, ruleOtherColumn, ruleEncoding, ruleSyntax, ruleWidth, ruleLong, ruleUnsure, ruleMany, ruleTestConflict, ruleLimitsUnit, ruleShared,
	}
}
