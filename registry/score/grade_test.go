package score

import "testing"

func TestCRSIsGradedByItsWorstParameter(t *testing.T) {
	tests := []struct {
		name   string
		change func(in *CRSInput)
		want   string
	}{
		{"fever alone", nil, "1"},
		{"38.0 is a fever", func(in *CRSInput) { in.Temperature = Num(38) }, "1"},
		{"37.9 is none", func(in *CRSInput) { in.Temperature = Num(37.9) }, "0"},
		{"37.9 with hypoxia of another cause", func(in *CRSInput) { in.Temperature, in.Oxygen = Num(37.9), HighFlow }, "0"},
		{"37.9 after tocilizumab, hypoxia", func(in *CRSInput) { in.Temperature, in.Treated, in.Oxygen = Num(37.9), yes, LowFlow }, "2"},
		{"37.9 after tocilizumab", func(in *CRSInput) { in.Temperature, in.Treated = Num(37.9), yes }, "0"},
		{"hypotension without vasopressor", func(in *CRSInput) { in.Pressure = HypotensionWithoutVasopressor }, "2"},
		{"one vasopressor", func(in *CRSInput) { in.Pressure = OneVasopressor }, "3"},
		{"several vasopressors", func(in *CRSInput) { in.Pressure = SeveralVasopressors }, "4"},
		{"low flow", func(in *CRSInput) { in.Oxygen = LowFlow }, "2"},
		{"high flow", func(in *CRSInput) { in.Oxygen = HighFlow }, "3"},
		{"positive pressure", func(in *CRSInput) { in.Oxygen = PositivePressure }, "4"},
		{"the worse of the two", func(in *CRSInput) { in.Pressure, in.Oxygen = HypotensionWithoutVasopressor, HighFlow }, "3"},
		{"death", func(in *CRSInput) { in.Death = yes }, "5"},
		{"temperature missing", func(in *CRSInput) { in.Temperature = Value{} }, "0-1"},
		{"temperature missing, treated", func(in *CRSInput) { in.Temperature, in.Treated, in.Oxygen = Value{}, yes, LowFlow }, "2"},
		{"temperature missing, low flow", func(in *CRSInput) { in.Temperature, in.Oxygen = Value{}, LowFlow }, "0-2"},
		{"treatment unknown, no fever, low flow", func(in *CRSInput) { in.Temperature, in.Treated, in.Oxygen = Num(37), unknown, LowFlow }, "0-2"},
		{"pressure missing", func(in *CRSInput) { in.Pressure = PressureUnknown }, "1-4"},
		{"oxygen missing", func(in *CRSInput) { in.Oxygen = OxygenUnknown }, "1-4"},
		{"oxygen missing beside the worst pressure", func(in *CRSInput) { in.Oxygen, in.Pressure = OxygenUnknown, SeveralVasopressors }, "4"},
		{"death unknown", func(in *CRSInput) { in.Death = unknown }, "1-5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := CRSInput{Num(38.5), no, NoHypotension, NoHypoxia, no}
			if tt.change != nil {
				tt.change(&in)
			}
			if got := CRS(in).Grade.String(); got != tt.want {
				t.Errorf("grade %s, want %s", got, tt.want)
			}
		})
	}
}

// full is an ICE of so many points.
func full(points int) ICE {
	var l [10]Truth
	for k := range l {
		l[k] = Is(k < points)
	}
	return ICE{l[0], l[1], l[2], l[3], [3]Truth{l[4], l[5], l[6]}, l[7], l[8], l[9]}
}

func TestICANSIsGradedByItsWorstParameter(t *testing.T) {
	ice := func(n int) func(in *ICANSInput) { return func(in *ICANSInput) { in.ICE = full(n).Score() } }
	tests := []struct {
		name   string
		change func(in *ICANSInput)
		want   string
	}{
		{"ICE 10", nil, "0"},
		{"ICE 9", ice(9), "1"},
		{"ICE 7", ice(7), "1"},
		{"ICE 6", ice(6), "2"},
		{"ICE 3", ice(3), "2"},
		{"ICE 2", ice(2), "3"},
		{"ICE 0, awake", func(in *ICANSInput) { in.ICE, in.Consciousness = full(0).Score(), AwakensToVoice }, "3"},
		{"ICE 0, unarousable", func(in *ICANSInput) { in.ICE, in.Consciousness = full(0).Score(), Unarousable }, "4"},
		{"no ICE, unarousable", func(in *ICANSInput) { in.ICEKnown, in.Consciousness = false, Unarousable }, "4"},
		{"no ICE", func(in *ICANSInput) { in.ICEKnown = false }, "0-4"},
		{"ICE in part", func(in *ICANSInput) { x := full(10); x.Command = Unknown; in.ICE = x.Score() }, "0-1"},
		{"awakens spontaneously", func(in *ICANSInput) { in.Consciousness = AwakensSpontaneously }, "1"},
		{"awakens to voice", func(in *ICANSInput) { in.Consciousness = AwakensToVoice }, "2"},
		{"awakens to touch", func(in *ICANSInput) { in.Consciousness = AwakensToTouch }, "3"},
		{"brief seizure", func(in *ICANSInput) { in.Seizure = BriefSeizure }, "3"},
		{"prolonged seizure", func(in *ICANSInput) { in.Seizure = ProlongedSeizure }, "4"},
		{"deep weakness", func(in *ICANSInput) { in.Weakness = yes }, "4"},
		{"focal edema", func(in *ICANSInput) { in.Edema = FocalEdema }, "3"},
		{"diffuse edema", func(in *ICANSInput) { in.Edema = DiffuseEdema }, "4"},
		{"consciousness missing", func(in *ICANSInput) { in.Consciousness = ConsciousnessUnknown }, "0-4"},
		{"seizure missing", func(in *ICANSInput) { in.Seizure = SeizureUnknown }, "0-4"},
		{"weakness missing", func(in *ICANSInput) { in.Weakness = unknown }, "0-4"},
		{"edema missing", func(in *ICANSInput) { in.Edema = EdemaUnknown }, "0-4"},
		{"12 years old", func(in *ICANSInput) { in.Age = Num(12) }, "0"},
		{"11 years old: ICE cannot be asked", func(in *ICANSInput) { in.Age = Num(11) }, "0-4"},
		{"age missing", func(in *ICANSInput) { in.Age = Value{} }, "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := ICANSInput{Num(30), full(10).Score(), true, Alert, NoSeizure, no, NoEdema}
			if tt.change != nil {
				tt.change(&in)
			}
			if got := ASTCT2019().Assess(in).Grade.String(); got != tt.want {
				t.Errorf("grade %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFromWhichAgeICEIsAskedIsAParameter(t *testing.T) {
	in := ICANSInput{Num(15), full(10).Score(), true, Alert, NoSeizure, no, NoEdema}
	for age, want := range map[float64]string{15: "0", 16: "0-4"} {
		if got := (ICANSRule{Age: age}).Assess(in).Grade.String(); got != want {
			t.Errorf("from %v on: %s, want %s", age, got, want)
		}
	}
}

func TestAGradeWithBoundsIsAtLeastWhatItsBoundsAllow(t *testing.T) {
	g := Grade{1, 3}
	for n, want := range map[int]Truth{0: Yes, 1: Yes, 2: Unknown, 3: Unknown, 4: No} {
		if got := g.AtLeast(n); got != want {
			t.Errorf("at least %d: %v, want %v", n, got, want)
		}
	}
	if g.Known() || !(Grade{2, 2}).Known() {
		t.Error("only one number is known")
	}
}
