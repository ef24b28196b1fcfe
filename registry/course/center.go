package course

import (
	"strings"

	"firewolf/fhir/tree"
	"firewolf/registry/term"
)

// center takes the center of the patient: by a security label, or else by the organization that has the record. A record that was replaced says it
// only where no other does.
func (b *Builder) center(root tree.Node, own bool) {
	for label := range root.Member("meta").Member("security").Items() {
		if label.Member("system").Text() == term.Center && (own || b.c.Center == "") {
			b.c.Center = strings.Clone(label.Member("code").Text())
		}
	}
	if name := b.organization(root, root.Member("managingOrganization")); name != "" && (own || b.manager == "") {
		b.manager = strings.Clone(name)
	}
}

// organization is what a Reference names an organization by: where it leads, or else its identifier or name. One that stands in the patient has no place
// of its own.
func (b *Builder) organization(root, to tree.Node) string {
	target := to.Member("reference").Text()
	if k := b.to(to); k.Type == "Organization" {
		target = k.String()
	}
	own := within(root, target)
	if strings.HasPrefix(target, "#") {
		target = ""
	}
	for _, name := range []string{
		target, to.Member("identifier").Member("value").Text(), own.Member("identifier").Item(0).Member("value").Text(), own.Member("name").Text(), to.Member("display").Text(),
	} {
		if name != "" {
			return name
		}
	}
	return ""
}
