package score

import "testing"

func TestDORISOnBothSidesOfEachThresholdAndWithEachInputMissing(t *testing.T) {
	tests := []struct {
		name  string
		rule  func(r *DORISRule)
		input func(in *DORISInput)
		want  string
	}{
		{"all met", nil, nil, "met ++++"},
		{"clinical SLEDAI 1", nil, func(in *DORISInput) { in.Clinical = Points{1, 1, true, ""} }, "not met -+++"},
		{"clinical SLEDAI incomplete", nil, func(in *DORISInput) { in.Clinical = Points{0, 4, false, ""} }, "not evaluable ?+++"},
		{"clinical SLEDAI incomplete and above 0", nil, func(in *DORISInput) { in.Clinical = Points{4, 8, false, ""} }, "not met -+++"},
		{"PGA 0.49", nil, func(in *DORISInput) { in.PGA = Num(0.49) }, "met ++++"},
		{"PGA 0.5", nil, func(in *DORISInput) { in.PGA = Num(0.5) }, "not met +-++"},
		{"PGA missing", nil, func(in *DORISInput) { in.PGA = Value{} }, "not evaluable +?++"},
		{"PGA below 0.3 as a parameter", func(r *DORISRule) { r.PGABelow = 0.3 }, func(in *DORISInput) { in.PGA = Num(0.3) }, "not met +-++"},
		{"5 mg", nil, func(in *DORISInput) { in.GC = Num(5) }, "met ++++"},
		{"5.1 mg", nil, func(in *DORISInput) { in.GC = Num(5.1) }, "not met ++-+"},
		{"5 mg where less is asked for", func(r *DORISRule) { r.GCBelow = true }, func(in *DORISInput) { in.GC = Num(5) }, "not met ++-+"},
		{"4.9 mg where less is asked for", func(r *DORISRule) { r.GCBelow = true }, func(in *DORISInput) { in.GC = Num(4.9) }, "met ++++"},
		{"dose missing", nil, func(in *DORISInput) { in.GC = Value{} }, "not evaluable ++?+"},
		{"therapy just started", nil, func(in *DORISInput) { in.Stable = no }, "not met +++-"},
		{"therapy unknown", nil, func(in *DORISInput) { in.Stable = unknown }, "not evaluable +++?"},
		{"a criterion that fails decides over one that is missing", nil, func(in *DORISInput) { in.PGA, in.GC = Value{}, Num(20) }, "not met +?-+"},
		{"nothing known", nil, func(in *DORISInput) { *in = DORISInput{Clinical: Sledai{}.ClinicalScore()} }, "not evaluable ????"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rule, in := DORIS2021(), DORISInput{Points{0, 0, true, ""}, Num(0.2), Num(5), yes}
			if tt.rule != nil {
				tt.rule(&rule)
			}
			if tt.input != nil {
				tt.input(&in)
			}
			if got := judged(rule.Assess(in)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestDrugFreeRemissionNeedsRemissionAndEachFreedom(t *testing.T) {
	remission := DORIS2021().Assess(DORISInput{Points{0, 0, true, ""}, Num(0), Num(0), yes})
	active := DORIS2021().Assess(DORISInput{Points{4, 4, true, ""}, Num(0), Num(0), yes})
	unclear := DORIS2021().Assess(DORISInput{Points{0, 0, true, ""}, Value{}, Num(0), yes})
	free := Freedom{GC: Num(0), IS: yes, Antimalarial: yes}
	tests := []struct {
		name               string
		doris              Outcome
		change             func(f *Freedom)
		drugFree, offTreat string
	}{
		{"free of all", remission, nil, "met ++++", "met +++"},
		{"not in remission", active, nil, "not met -+++", "not met -++"},
		{"remission not evaluable", unclear, nil, "not evaluable ?+++", "not evaluable ?++"},
		{"0.5 mg", remission, func(f *Freedom) { f.GC = Num(0.5) }, "not met +-++", "not met +-+"},
		{"dose missing", remission, func(f *Freedom) { f.GC = Value{} }, "not evaluable +?++", "not evaluable +?+"},
		{"a glucocorticoid among the drugs, and a dose of 0", remission, func(f *Freedom) { f.Steroids = no }, "not evaluable +?++", "not evaluable +?+"},
		{"a glucocorticoid among the drugs, dose missing", remission, func(f *Freedom) { f.GC, f.Steroids = Value{}, no }, "not met +-++", "not met +-+"},
		{"no glucocorticoid among the drugs, dose missing", remission, func(f *Freedom) { f.GC, f.Steroids = Value{}, yes }, "not evaluable +?++", "not evaluable +?+"},
		{"no glucocorticoid among the drugs, 0.5 mg", remission, func(f *Freedom) { f.GC, f.Steroids = Num(0.5), yes }, "not met +-++", "not met +-+"},
		{"an immunosuppressive", remission, func(f *Freedom) { f.IS = no }, "not met ++-+", "not met ++-"},
		{"immunosuppressives unknown", remission, func(f *Freedom) { f.IS = unknown }, "not evaluable ++?+", "not evaluable ++?"},
		{"an antimalarial", remission, func(f *Freedom) { f.Antimalarial = no }, "not met +++-", "met +++"},
		{"antimalarials unknown", remission, func(f *Freedom) { f.Antimalarial = unknown }, "not evaluable +++?", "met +++"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := free
			if tt.change != nil {
				tt.change(&f)
			}
			if got := judged(DrugFree(tt.doris, f)); got != tt.drugFree {
				t.Errorf("drug-free: %s, want %s", got, tt.drugFree)
			}
			if got := judged(OffTreatment(tt.doris, f)); got != tt.offTreat {
				t.Errorf("off treatment: %s, want %s", got, tt.offTreat)
			}
		})
	}
	if got := judged(Outcome{Criteria: free.Criteria()}); got != " ++++" {
		t.Errorf("the freedoms are %q", got)
	}
}

func TestLLDASOnBothSidesOfEachThresholdAndWithEachInputMissing(t *testing.T) {
	tests := []struct {
		name   string
		rule   func(r *LLDASRule)
		change func(in *LLDASInput)
		want   string
	}{
		{"all met", nil, nil, "met +++++"},
		{"SLEDAI 4 of an item that was there before", nil, func(in *LLDASInput) { in.Now, in.Before = healthy("arthritis"), healthy("arthritis") }, "met +++++"},
		{"SLEDAI 5", nil, func(in *LLDASInput) {
			in.Now, in.Before = healthy("arthritis", "leukopenia"), healthy("arthritis", "leukopenia")
		}, "not met -++++"},
		{"an item missing", nil, func(in *LLDASInput) { in.Now = in.Now.without("rash") }, "not evaluable +?+++"},
		{"items missing that together are 5", nil, func(in *LLDASInput) { in.Now = in.Now.without("arthritis").without("leukopenia") }, "not evaluable ??+++"},
		{"an item missing that was there before", nil, func(in *LLDASInput) { in.Now, in.Before = in.Now.without("rash"), healthy("rash") }, "met +++++"},
		{"fever alone is a major organ", nil, func(in *LLDASInput) { in.Now, in.Before = healthy("fever"), healthy("fever") }, "not met -++++"},
		{"hematuria within 4 points", nil, func(in *LLDASInput) { in.Now, in.Before = healthy("hematuria"), healthy("hematuria") }, "not met -++++"},
		{"hemolysis", nil, func(in *LLDASInput) { in.Hemolysis = yes }, "not met -++++"},
		{"hemolysis unknown", nil, func(in *LLDASInput) { in.Hemolysis = unknown }, "not evaluable ?++++"},
		{"gut disease", nil, func(in *LLDASInput) { in.Gut = yes }, "not met -++++"},
		{"gut disease unknown", nil, func(in *LLDASInput) { in.Gut = unknown }, "not evaluable ?++++"},
		{"a new item", nil, func(in *LLDASInput) { in.Now = healthy("rash") }, "not met +-+++"},
		{"no assessment before", nil, func(in *LLDASInput) { in.Before = Sledai{} }, "met +++++"},
		{"no assessment before, and an item", nil, func(in *LLDASInput) { in.Now, in.Before = healthy("rash"), Sledai{} }, "not evaluable +?+++"},
		{"PGA 1", nil, func(in *LLDASInput) { in.PGA = Num(1) }, "met +++++"},
		{"PGA 1.1", nil, func(in *LLDASInput) { in.PGA = Num(1.1) }, "not met ++-++"},
		{"PGA missing", nil, func(in *LLDASInput) { in.PGA = Value{} }, "not evaluable ++?++"},
		{"7.5 mg", nil, func(in *LLDASInput) { in.GC = Num(7.5) }, "met +++++"},
		{"7.6 mg", nil, func(in *LLDASInput) { in.GC = Num(7.6) }, "not met +++-+"},
		{"dose missing", nil, func(in *LLDASInput) { in.GC = Value{} }, "not evaluable +++?+"},
		{"an investigational drug", nil, func(in *LLDASInput) { in.Standard = no }, "not met ++++-"},
		{"therapy unknown", nil, func(in *LLDASInput) { in.Standard = unknown }, "not evaluable ++++?"},
		{"after the infusion", nil, func(in *LLDASInput) { in.AfterProduct = true }, "met +++++"},
		{"after an infusion that counts as investigational", func(r *LLDASRule) { r.ProductInvestigational = true }, func(in *LLDASInput) { in.AfterProduct = true }, "not met ++++-"},
		{"before an infusion that counts as investigational", func(r *LLDASRule) { r.ProductInvestigational = true }, nil, "met +++++"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rule := LLDAS()
			in := LLDASInput{Now: healthy(), Before: healthy(), Hemolysis: no, Gut: no, PGA: Num(0.5), GC: Num(5), Standard: yes}
			if tt.rule != nil {
				tt.rule(&rule)
			}
			if tt.change != nil {
				tt.change(&in)
			}
			if got := judged(rule.Assess(in)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
