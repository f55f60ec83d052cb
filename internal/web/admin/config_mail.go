package admin

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/mail"
	"refill/internal/web/kit"
)

// mailState is what the settings say about e-mail.
type mailState struct {
	On           bool
	Server, From string
	Result       kit.Flash // of a test message; without a text: none was sent
	Answer       string    // what the SMTP server said
}

// mailState returns the state without a test.
func (s *Server) mailState() mailState {
	if !s.Mail.On() {
		return mailState{}
	}
	return mailState{On: true, Server: s.Mail.Sender.Server(), From: s.Mail.Sender.From()}
}

// showMailTest shows the general settings with the result of a test message.
func (s *Server) showMailTest(c *gin.Context, p *configGeneralPage, to string, err error) error {
	var refused *mail.Error
	switch {
	case err == nil:
		p.Mail.Result = kit.Flash{Tone: kit.ToneGood, Text: fmt.Sprintf(lang.M("The SMTP server took a message to %s. Look whether it arrives; it may be among the spam."), to)}
		return s.Render(c, http.StatusOK, "admin/config_general", p)
	case errors.As(err, &refused):
		p.Mail.Result = kit.Flash{Tone: kit.ToneBad, Text: refused.Reason.Words()}
		p.Mail.Answer = refused.Answer()
		return s.Render(c, http.StatusOK, "admin/config_general", p)
	case fault.IsInternal(err):
		return err
	}
	p.Mail.Result = kit.Flash{Tone: kit.ToneWarn, Text: fault.All(err)[0].Text()}
	return s.Render(c, s.RefuseForm(c, err), "admin/config_general", p)
}
