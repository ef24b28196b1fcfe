package term

// Item is a descriptor of SLEDAI-2K (Gladman 2002). The labels are our own, short ones.
type Item struct {
	Name      string // of the item: seizure; its local code is Code()
	Weight    int
	Label     string
	Major     bool // activity of a major organ for LLDAS: kidney, brain, heart and lung, vasculitis, fever
	Serologic bool // left out of clinical SLEDAI-2K
}

// Code returns the local code of the item.
func (i Item) Code() string { return "sledai-2k-" + i.Name }

// sledai are the items in the order of the form. Their weights sum to 105.
var sledai = [...]Item{
	{"seizure", 8, "Seizure", true, false},
	{"psychosis", 8, "Psychosis", true, false},
	{"organic-brain-syndrome", 8, "Organic brain syndrome", true, false},
	{"visual-disturbance", 8, "Visual disturbance", true, false},
	{"cranial-nerve", 8, "Cranial nerve disorder", true, false},
	{"lupus-headache", 8, "Lupus headache", true, false},
	{"cva", 8, "Cerebrovascular accident", true, false},
	{"vasculitis", 8, "Vasculitis", true, false},
	{"arthritis", 4, "Arthritis", false, false},
	{"myositis", 4, "Myositis", false, false},
	{"urinary-casts", 4, "Urinary casts", true, false},
	{"hematuria", 4, "Hematuria", true, false},
	{"proteinuria", 4, "Proteinuria", true, false},
	{"pyuria", 4, "Pyuria", true, false},
	{"rash", 2, "Rash", false, false},
	{"alopecia", 2, "Alopecia", false, false},
	{"mucosal-ulcers", 2, "Mucosal ulcers", false, false},
	{"pleurisy", 2, "Pleurisy", true, false},
	{"pericarditis", 2, "Pericarditis", true, false},
	{"low-complement", 2, "Low complement", false, true},
	{"increased-dna-binding", 2, "Increased DNA binding", false, true},
	{"fever", 1, "Fever", true, false},
	{"thrombocytopenia", 1, "Thrombocytopenia", false, false},
	{"leukopenia", 1, "Leukopenia", false, false},
}

// SledaiItems is how many items SLEDAI-2K has.
const SledaiItems = len(sledai)

// Sledai returns the items of SLEDAI-2K in the order of the form.
func Sledai() [SledaiItems]Item { return sledai }

// SledaiItem returns the place of an item by its name, -1 for none.
func SledaiItem(name string) int {
	for k := range sledai {
		if sledai[k].Name == name {
			return k
		}
	}
	return -1
}
