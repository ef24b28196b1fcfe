package fhirpath

import "time"

// nowTime is the moment of an evaluation, asked for once.
type nowTime struct {
	at  time.Time
	set bool
}

// clockFunctions tell the time of the evaluation: the same however often they are asked.
// https://hl7.org/fhirpath/N1/#current-date-and-time-functions
var clockFunctions = map[string]function{
	"now":       {run: func(c called) ([]Value, error) { return c.tell(typeDateTime, "2006-01-02T15:04:05.000Z07:00") }},
	"today":     {run: func(c called) ([]Value, error) { return c.tell(typeDate, "2006-01-02") }},
	"timeOfDay": {run: func(c called) ([]Value, error) { return c.tell(typeTime, "15:04:05.000") }},
}

func (c called) tell(typ, layout string) ([]Value, error) {
	if c.e.scope.Clock == nil {
		return nil, c.fail("is not defined here: the answer would change with the time")
	}
	if !c.e.now.set {
		c.e.now = nowTime{at: c.e.scope.Clock(), set: true}
	}
	return c.give(Value{Type: typ, Text: c.e.now.at.Format(layout)})
}
