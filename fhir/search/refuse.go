package search

import (
	"fmt"

	"firewolf/fhir"
)

// refuse makes the issue of a parameter that cannot be answered.
func refuse(code fhir.Code, parameter, format string, args ...any) *fhir.Issue {
	return fhir.NewIssue(code, fmt.Sprintf(format, args...), "http."+clip(parameter))
}

// unknownParameter is the issue of a parameter that the type does not have. (not-found is of what a reference names.)
// https://hl7.org/fhir/R4/valueset-issue-type.html
func unknownParameter(parameter, resourceType, code string) *fhir.Issue {
	return refuse(fhir.NotSupported, parameter, "%s has no search parameter %s", resourceType, clip(code)).Because(fhir.ReasonUnknownParameter)
}

// unsupported is the issue of what R4 has and this server does not answer.
func unsupported(parameter, what string) *fhir.Issue {
	return refuse(fhir.NotSupported, parameter, "%s is not supported", what)
}

// laterParameter is the issue of a parameter of R4 that this server does not answer. It is refused like
// one that is unknown, since 501 would say that search itself is not there.
// https://hl7.org/fhir/R4/search.html#errors
func laterParameter(parameter, code string) *fhir.Issue {
	return unsupported(parameter, "the parameter "+code).Because(fhir.ReasonLaterParameter)
}

// badValue is the issue of a value that does not fit its parameter.
func badValue(parameter, value, why string) *fhir.Issue {
	return refuse(fhir.Invalid, parameter, "the value %q of %s is %s", clip(value), clip(parameter), why)
}

// clip shortens what a client sent, so that an answer stays readable.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "..."
}
