package main

// helpCmd is `firewolf help [COMMAND]`. It stands here to be listed: run reads it as `firewolf COMMAND --help`.
type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command to explain."`
}

// helpArgs turns "help serve" into "serve --help".
func helpArgs(args []string) []string {
	if len(args) == 0 || args[0] != "help" {
		return args
	}
	return append(args[1:len(args):len(args)], "--help")
}
