// Command firewolf is a FHIR R4 server for the care and research of systemic lupus erythematosus treated with anti-CD19 CAR-T cells.
package main

func main() {}
