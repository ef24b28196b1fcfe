package term

// Result is what an outcome says, a local code.
type Result string

// The results. What could not be judged is never counted as not met.
const (
	Met          Result = "criterion-met"
	NotMet       Result = "criterion-not-met"
	NotEvaluable Result = "not-evaluable"
)

// InRemission returns what stands beside Met where DORIS is met (SNOMED CT).
func InRemission() Coding { return Coding{System: Snomed, Code: "103338009"} }
