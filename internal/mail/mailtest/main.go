// Command mailtest is mailpit, a real SMTP server with an API to read what arrived, for the
// tests of e-mail. It is mailpit's own command.
package main

import "github.com/axllent/mailpit/cmd"

func main() { cmd.Execute() }
