package score

import "testing"

func at(n int) Points { return Points{n, n, true, ""} }

func TestResponseOnBothSidesOfEachThresholdAndWithEachInputMissing(t *testing.T) {
	tests := []struct {
		name        string
		change      func(in *ResponseInput)
		fall, index string
	}{
		{"a fall of 4", nil, "met ++", "met +++++"},
		{"a fall of 3", func(in *ResponseInput) { in.Now.Total = at(9) }, "not met +-", "not met +-+++"},
		{"a baseline of 4", func(in *ResponseInput) { in.Baseline.Total, in.Now.Total = at(4), at(0) }, "met ++", "met +++++"},
		{"a baseline of 3 has nothing to fall from", func(in *ResponseInput) { in.Baseline.Total, in.Now.Total = at(3), at(0) }, "not evaluable --", "not evaluable --+++"},
		{"baseline incomplete", func(in *ResponseInput) { in.Baseline.Total = Points{11, 14, false, ""} }, "not evaluable +?", "not evaluable +?+++"},
		{"baseline incomplete, and nothing to fall from whatever is missing", func(in *ResponseInput) { in.Baseline.Total = Points{1, 3, false, ""} }, "not evaluable --", "not evaluable --+++"},
		{"baseline incomplete, and a fall whatever is missing", func(in *ResponseInput) { in.Baseline.Total = Points{12, 14, false, ""} }, "met ++", "met +++++"},
		{"now incomplete", func(in *ResponseInput) { in.Now.Total = Points{4, 12, false, ""} }, "not evaluable +?", "not evaluable +?+++"},
		{"now incomplete and too high already", func(in *ResponseInput) { in.Now.Total = Points{9, 17, false, ""} }, "not met +-", "not met +-+++"},
		{"one new A", func(in *ResponseInput) { in.NewA = Num(1) }, "met ++", "not met ++-++"},
		{"two new B", func(in *ResponseInput) { in.NewB = Num(2) }, "met ++", "not met ++-++"},
		{"one new B", func(in *ResponseInput) { in.NewB = Num(1) }, "met ++", "met +++++"},
		{"no BILAG", func(in *ResponseInput) { in.NewA, in.NewB = Value{}, Value{} }, "met ++", "not evaluable ++?++"},
		{"PGA up by 0.2", func(in *ResponseInput) { in.Now.PGA = Num(1.2) }, "met ++", "met +++++"},
		{"PGA up by 0.3", func(in *ResponseInput) { in.Now.PGA = Num(1.3) }, "met ++", "not met +++-+"},
		{"PGA up from 0.1 to 0.4", func(in *ResponseInput) { in.Baseline.PGA, in.Now.PGA = Num(0.1), Num(0.4) }, "met ++", "not met +++-+"},
		{"PGA missing", func(in *ResponseInput) { in.Now.PGA = Value{} }, "met ++", "not evaluable +++?+"},
		{"PGA at baseline missing", func(in *ResponseInput) { in.Baseline.PGA = Value{} }, "met ++", "not evaluable +++?+"},
		{"rescue", func(in *ResponseInput) { in.Rescue = yes }, "met ++", "not met ++++-"},
		{"rescue unknown", func(in *ResponseInput) { in.Rescue = unknown }, "met ++", "not evaluable ++++?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := ResponseInput{Assessment{at(12), Num(1)}, Assessment{at(8), Num(1)}, Num(0), Num(0), no, nil}
			if tt.change != nil {
				tt.change(&in)
			}
			if got := judged(SRI4().Sledai(in)); got != tt.fall {
				t.Errorf("fall: %s, want %s", got, tt.fall)
			}
			if got := judged(SRI4().Assess(in)); got != tt.index {
				t.Errorf("index: %s, want %s", got, tt.index)
			}
		})
	}
}

func TestRenalResponseOnBothSidesOfEachThresholdAndWithEachInputMissing(t *testing.T) {
	tests := []struct {
		name              string
		rule              func(r *RenalRule)
		change            func(in *RenalInput)
		complete, partial string
	}{
		{"both", nil, nil, "met ++++", "met +++++"},
		{"0.5 g/g", nil, func(in *RenalInput) { in.Now.UPCR = Num(0.5) }, "not met +-++", "met +++++"},
		{"0.6 g/g where 0.7 is asked for", func(r *RenalRule) { r.UPCRBelow = 0.7 }, func(in *RenalInput) { in.Now.UPCR = Num(0.6) }, "met ++++", "met +++++"},
		{"exactly half", nil, func(in *RenalInput) { in.Now.UPCR = Num(2) }, "not met +-++", "met +++++"},
		{"a little more than half", nil, func(in *RenalInput) { in.Now.UPCR = Num(2.01) }, "not met +-++", "not met +-+++"},
		{"half, and 3 g/g", nil, func(in *RenalInput) { in.Baseline.UPCR, in.Now.UPCR = Num(7), Num(3) }, "not met +-++", "not met ++-++"},
		{"half, and 2.99 g/g", nil, func(in *RenalInput) { in.Baseline.UPCR, in.Now.UPCR = Num(7), Num(2.99) }, "not met +-++", "met +++++"},
		{"UPCR missing", nil, func(in *RenalInput) { in.Now.UPCR = Value{} }, "not evaluable +?++", "not evaluable +??++"},
		{"UPCR below the limit of detection", nil, func(in *RenalInput) { in.Now.UPCR = Under(0.1) }, "met ++++", "met +++++"},
		{"baseline UPCR 0.5", nil, func(in *RenalInput) { in.Baseline.UPCR = Num(0.5) }, "met ++++", "not met +-+++"},
		{"baseline UPCR 0.49", nil, func(in *RenalInput) { in.Baseline.UPCR = Num(0.49) }, "not evaluable -+++", "not evaluable -++++"},
		{"baseline UPCR missing", nil, func(in *RenalInput) { in.Baseline.UPCR = Value{} }, "not evaluable ?+++", "not evaluable ??+++"},
		{"no nephritis", nil, func(in *RenalInput) { in.Nephritis = no }, "not evaluable -+++", "not evaluable -++++"},
		{"nephritis unknown", nil, func(in *RenalInput) { in.Nephritis = unknown }, "not evaluable ?+++", "not evaluable ?++++"},
		{"eGFR at 85 of 100", nil, func(in *RenalInput) { in.Now.EGFR = Num(85) }, "met ++++", "met +++++"},
		{"eGFR at 84 of 100", nil, func(in *RenalInput) { in.Now.EGFR = Num(84) }, "not met ++-+", "not met +++-+"},
		{"eGFR at 85 of 100 within 10 %", func(r *RenalRule) { r.Tolerance = 0.1 }, func(in *RenalInput) { in.Now.EGFR = Num(85) }, "not met ++-+", "not met +++-+"},
		{"eGFR above 90", nil, func(in *RenalInput) { in.Now.EGFR = Over(90) }, "met ++++", "met +++++"},
		{"eGFR above 80 of 100", nil, func(in *RenalInput) { in.Now.EGFR = Over(80) }, "not evaluable ++?+", "not evaluable +++?+"},
		{"eGFR at 75 of more than 90", nil, func(in *RenalInput) { in.Now.EGFR, in.Baseline.EGFR = Num(75), Over(90) }, "not met ++-+", "not met +++-+"},
		{"eGFR at 95 of more than 90", nil, func(in *RenalInput) { in.Now.EGFR, in.Baseline.EGFR = Num(95), Over(90) }, "not evaluable ++?+", "not evaluable +++?+"},
		{"eGFR at 55 of less than 60", nil, func(in *RenalInput) { in.Now.EGFR, in.Baseline.EGFR = Num(55), Under(60) }, "met ++++", "met +++++"},
		{"eGFR at 68 of 80", nil, func(in *RenalInput) { in.Now.EGFR, in.Baseline.EGFR = Num(68), Num(80) }, "met ++++", "met +++++"},
		{"UPCR at half of 200 mg/mmol", nil, func(in *RenalInput) { in.Now.UPCR, in.Baseline.UPCR = Num(100/113.12), Num(200/113.12) }, "not met +-++", "met +++++"},
		{"UPCR at 2 of more than 5", nil, func(in *RenalInput) { in.Now.UPCR, in.Baseline.UPCR = Num(2), Over(5) }, "not met +-++", "met +++++"},
		{"UPCR at 2.6 of more than 5", nil, func(in *RenalInput) { in.Now.UPCR, in.Baseline.UPCR = Num(2.6), Over(5) }, "not met +-++", "not evaluable +?+++"},
		{"eGFR missing", nil, func(in *RenalInput) { in.Now.EGFR = Value{} }, "not evaluable ++?+", "not evaluable +++?+"},
		{"eGFR at baseline missing", nil, func(in *RenalInput) { in.Baseline.EGFR = Value{} }, "not evaluable ++?+", "not evaluable +++?+"},
		{"rescue", nil, func(in *RenalInput) { in.Rescue = yes }, "not met +++-", "not met ++++-"},
		{"rescue unknown", nil, func(in *RenalInput) { in.Rescue = unknown }, "not evaluable +++?", "not evaluable ++++?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rule, in := KDIGO2024(), RenalInput{yes, Kidney{Num(4), Num(100)}, Kidney{Num(0.2), Num(100)}, no}
			if tt.name == "baseline UPCR 0.5" {
				in.Now.UPCR = Num(0.3)
			}
			if tt.rule != nil {
				tt.rule(&rule)
			}
			if tt.change != nil {
				tt.change(&in)
			}
			if got := judged(rule.Complete(in)); got != tt.complete {
				t.Errorf("complete: %s, want %s", got, tt.complete)
			}
			if got := judged(rule.Partial(in)); got != tt.partial {
				t.Errorf("partial: %s, want %s", got, tt.partial)
			}
		})
	}
}
