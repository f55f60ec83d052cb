package mailing

import (
	"context"
	"fmt"

	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/mail"
	"refill/internal/mailqueue"
)

// ErrNoAddress refuses a test message to a person without an address.
var ErrNoAddress = fault.New(fault.Conflict, "mail_no_address", "You have no e-mail address. Enter one on the page of your account first.")

// Customer sends the message of a job to a customer. The error is *mail.Error where the SMTP
// server refuses.
func (s *Service) Customer(ctx context.Context, job int64, a mailqueue.CustomerArgs) error {
	var l letter
	var err error
	switch a.About {
	case mailqueue.Link:
		l, err = s.signInLink(ctx, a)
	case mailqueue.Password:
		l, err = s.password(ctx, a.CustomerID)
	case mailqueue.File, mailqueue.Approval, mailqueue.Theft, mailqueue.Books, mailqueue.Guess, mailqueue.Probe,
		mailqueue.WorkerBack, mailqueue.Confirm, mailqueue.Former: // messages to staff
	}
	if err != nil {
		return err
	}
	if err := s.send(ctx, fmt.Sprintf("customer.%d", job), l); err != nil || a.About != mailqueue.Link || l.subject == "" {
		return err
	}
	return customer.LinkSent(ctx, s.DB, a.CustomerID)
}

// CustomerFailed opens a request for staff where a link could not be mailed.
func (s *Service) CustomerFailed(ctx context.Context, a mailqueue.CustomerArgs) error {
	if a.About != mailqueue.Link {
		return nil
	}
	return customer.MailFailed(ctx, s.DB, a.ID)
}

// signInLink writes the message with a sign-in link. The token is drawn here, so that no copy
// of it waits in the queue. A request that waited for hours goes to staff instead, because
// its customer no longer looks for a message.
func (s *Service) signInLink(ctx context.Context, a mailqueue.CustomerArgs) (letter, error) {
	row, found, err := db.Found(s.q.SignInMailGet(ctx, s.DB, db.SignInMailGetParams{ID: a.ID, CustomerID: a.CustomerID}))
	if err != nil {
		return letter{}, fmt.Errorf("read a request for a link: %w", err)
	}
	if !found {
		return letter{}, nil
	}
	if row.Late || !mail.ValidAddress(row.Email) {
		return letter{}, customer.MailFailed(ctx, s.DB, a.ID)
	}
	if !s.On() {
		return letter{}, ErrNoServer // before a token is drawn
	}
	token, err := customer.MailLink(ctx, s.DB, row.ID)
	if err != nil {
		return letter{}, err
	}
	return letter{
		to: row.Email, brand: row.Brand, subject: fmt.Sprintf(lang.M("Your sign-in link for %s"), row.Brand),
		lines: []string{
			fmt.Sprintf(lang.M("You, or a person who knows your username, asked for a link to sign in to %s."), row.Brand),
			fmt.Sprintf(lang.M("Your username is %s. The link lets you choose a new password. It works once, for 30 minutes."), row.Username),
		},
		link:  s.link(lang.M("Choose a new password"), pathWelcome, token),
		after: []string{lang.M("Give this link to no other person: it opens your account. If you did not ask for it, do nothing; your password stays as it is.")},
	}, nil
}

// password tells that the password of an account was changed.
func (s *Service) password(ctx context.Context, id int64) (letter, error) {
	row, found, err := db.Found(s.q.MailCustomerGet(ctx, s.DB, id))
	if err != nil {
		return letter{}, fmt.Errorf("read a customer: %w", err)
	}
	if !found || !mail.ValidAddress(row.Email) {
		return letter{}, nil
	}
	login := s.link(lang.M("Sign in"), pathLogin)
	if row.Slug != nil {
		login.URL += "?partner=" + *row.Slug
	}
	return letter{
		to: row.Email, brand: row.Brand, subject: fmt.Sprintf(lang.M("Your password for %s was changed"), row.Brand),
		lines: []string{
			fmt.Sprintf(lang.M("The password of the account %s was changed. Every device that was signed in is signed out."), row.Username),
			fmt.Sprintf(lang.M("If that was you, there is nothing to do. If not, tell %s at once: another person may have your account."), row.Brand),
		},
		link: login,
	}, nil
}
