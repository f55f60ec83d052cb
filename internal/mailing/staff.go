package mailing

import (
	"context"
	"fmt"
	"slices"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/mail"
	"refill/internal/mailqueue"
	"refill/internal/setting"
	"refill/internal/staff"
)

// reader is the member of staff to whom a message goes.
type reader struct {
	db.MailStaffGetRow

	settings setting.Settings
}

func (r reader) scope() audit.Scope {
	return audit.Scope{AllPartners: r.AllPartners, PartnerIDs: append([]int64{}, r.PartnerIds...)}
}

// may reports whether the reader has one of some permissions.
func (r reader) may(permissions []string) bool {
	return r.Everything || slices.ContainsFunc(permissions, func(p string) bool { return slices.Contains(r.Permissions, p) })
}

// wants reports whether the reader has chosen to be told.
func (r reader) wants(about mailqueue.About) bool {
	switch about {
	case mailqueue.File:
		return r.Files
	case mailqueue.Approval:
		return r.Approvals
	case mailqueue.Theft, mailqueue.Books, mailqueue.Guess, mailqueue.Probe:
		return r.Alarms
	case mailqueue.WorkerBack, mailqueue.Confirm, mailqueue.Former, mailqueue.Link, mailqueue.Password:
	}
	return true
}

// Staff sends the message of a job to a member of staff. job is the number of the job. The
// error is *mail.Error where the SMTP server refuses.
func (s *Service) Staff(ctx context.Context, job int64, a mailqueue.StaffArgs) error {
	row, found, err := db.Found(s.q.MailStaffGet(ctx, s.DB, a.StaffID))
	if err != nil {
		return fmt.Errorf("read a member of staff: %w", err)
	}
	if !found || row.DisabledAt != nil {
		return nil
	}
	r := reader{MailStaffGetRow: row}
	if r.settings, err = s.Settings.Get(ctx); err != nil {
		return err
	}
	needs := mailqueue.Needs(a.About)
	if !r.wants(a.About) || len(needs) > 0 && !r.may(needs) {
		return nil
	}
	l, err := s.staffLetter(ctx, r, a)
	if err != nil {
		return err
	}
	if l.to == "" {
		l.to = r.Address
	}
	l.brand = r.settings.Brand
	if err := s.send(ctx, fmt.Sprintf("staff.%d", job), l); err != nil {
		return err
	}
	if a.About == mailqueue.Former {
		if err := s.q.MailFormerDelete(ctx, s.DB, a.ID); err != nil {
			return fmt.Errorf("forget a former address: %w", err)
		}
	}
	return nil
}

// staffLetter writes the letter of a job; one without a subject where there is nothing to
// tell any more.
func (s *Service) staffLetter(ctx context.Context, r reader, a mailqueue.StaffArgs) (letter, error) {
	var l letter
	var err error
	switch a.About {
	case mailqueue.File:
		l, err = s.file(ctx, r, a.ID)
	case mailqueue.Approval:
		l, err = s.approval(ctx, r, a.ID)
	case mailqueue.Theft:
		l, err = s.theft(ctx, r, a.ID)
	case mailqueue.Books:
		l, err = s.books(ctx, r, a.ID)
	case mailqueue.Guess:
		l, err = s.guess(ctx, r, a.ID)
	case mailqueue.Probe:
		l = s.probe(r)
	case mailqueue.WorkerBack:
		l = s.workerBack()
	case mailqueue.Confirm:
		return s.confirm(ctx, r)
	case mailqueue.Former:
		return s.former(ctx, r, a.ID)
	case mailqueue.Link, mailqueue.Password: // messages to customers
	}
	l.after = append(l.after, fmt.Sprintf(lang.M("You get this message because you chose so on the page of your account: %s"), s.link("", pathAccount).URL))
	return l, err
}

// file tells that a file is ready.
func (s *Service) file(ctx context.Context, r reader, id int64) (letter, error) {
	scope := r.scope()
	e, found, err := db.Found(s.q.ExportGet(ctx, s.DB, db.ExportGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs}))
	if err != nil || !found || !r.settings.RefillCards || e.Export.State != db.ExportStateReady || e.Export.CreatedBy != r.ID {
		return letter{}, err
	}
	return letter{
		subject: fmt.Sprintf(lang.M("The file of series %s is ready"), e.SeriesNumber),
		lines:   []string{fmt.Sprintf(lang.M("The file of series %s that you asked for is ready. Sign in to download it. It is removed after a time."), e.SeriesNumber)},
		link:    s.link(lang.M("Open the series"), pathSeries, e.SeriesNumber, "#series-exports"),
	}, nil
}

// approval tells that a request waits which the reader may decide.
func (s *Service) approval(ctx context.Context, r reader, id int64) (letter, error) {
	scope := r.scope()
	a, found, err := db.Found(s.q.ApprovalGet(ctx, s.DB, db.ApprovalGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs}))
	if err != nil || !found || a.State != db.ApprovalStateWaiting || !s.Now().Before(a.ExpiresAt) || a.RequestedBy == r.ID {
		return letter{}, err
	}
	for _, other := range []*int64{&a.RequestedBy, a.KeyMaker} {
		if other == nil {
			continue
		}
		shared, err := approval.Shared(ctx, s.DB, r.ID, *other)
		if err != nil || shared || *other == r.ID {
			return letter{}, err
		}
	}
	asker, err := s.q.StaffGet(ctx, s.DB, a.RequestedBy)
	if err != nil {
		return letter{}, fmt.Errorf("read who asks: %w", err)
	}
	return letter{
		subject: lang.M("A request waits for your decision"),
		lines:   []string{fmt.Sprintf(lang.M("%s asks for something that needs a second person. You may decide. Look at the request before you do."), asker.Name)},
		link:    s.link(lang.M("Look at the request"), pathApprovals),
	}, nil
}

// theft tells of redemptions that look like theft.
func (s *Service) theft(ctx context.Context, r reader, id int64) (letter, error) {
	scope := r.scope()
	row, found, err := db.Found(s.q.TheftAlarmGet(ctx, s.DB, db.TheftAlarmGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs}))
	if err != nil || !found || !r.settings.RefillCards || row.TheftAlarm.State != db.TheftAlarmStateOpen {
		return letter{}, err
	}
	return letter{
		subject: lang.M("Alarm: redemptions look like theft"),
		lines:   []string{lang.M("A rule found redemptions, or attempts, that look like theft. The page of the alarm says what was found and what to do.")},
		link:    s.link(lang.M("Look at the alarm"), pathAlarms, id),
	}, nil
}

// books tells of rules that do not hold.
func (s *Service) books(ctx context.Context, r reader, id int64) (letter, error) {
	n, err := s.q.MailBooksBroken(ctx, s.DB, id)
	if err != nil || n == 0 || !r.AllPartners {
		return letter{}, err
	}
	found := lang.M("A check of the books found one rule that does not hold. Money or cards may be wrong.")
	if n > 1 {
		found = fmt.Sprintf(lang.M("A check of the books found %d rules that do not hold. Money or cards may be wrong."), n)
	}
	return letter{
		subject: lang.M("Alarm: the books do not hold"),
		lines:   []string{found, lang.M("The page Checks names the rules, gives examples and says what to do.")},
		link:    s.link(lang.M("Look at the checks"), pathChecks),
	}, nil
}

// guess tells that codes seem to be guessed. partner 0: by staff of all partners.
func (s *Service) guess(ctx context.Context, r reader, partner int64) (letter, error) {
	scope := r.scope()
	rows, err := s.q.GuessCountUnknown(ctx, s.DB, db.GuessCountUnknownParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil || !r.settings.RefillCards {
		return letter{}, err
	}
	for _, row := range rows {
		if row.ID != partner || row.Unknown <= int64(r.settings.WrongPartner) {
			continue
		}
		who := fmt.Sprintf(lang.M("Customers of %s, or staff there, tried more codes that no card has than the settings allow within an hour."), row.Name)
		if partner == 0 {
			who = lang.M("Staff of all partners tried more codes that no card has than the settings allow within an hour.")
		}
		return letter{
			subject: lang.M("Alarm: codes may be guessed"),
			lines:   []string{who, lang.M("The dashboard shows the alarm and leads to who it was, and from where.")},
			link:    s.link(lang.M("Open the dashboard"), pathHome),
		}, nil
	}
	return letter{}, nil
}

// probe tells that a file seemed to try codes. Such a file may name cards of any partner.
func (s *Service) probe(r reader) letter {
	if !r.AllPartners || !r.settings.RefillCards {
		return letter{}
	}
	return letter{
		subject: lang.M("Alarm: an import may try codes"),
		lines:   []string{lang.M("A file that was to be imported holds many codes of cards, or many customers, that are here already. It was stopped. The dashboard shows the alarm and leads to the import.")},
		link:    s.link(lang.M("Open the dashboard"), pathHome),
	}
}

// workerBack tells that the alarm about a missing worker is over.
func (s *Service) workerBack() letter {
	return letter{
		subject: lang.M("Over: a worker runs again"),
		lines:   []string{lang.M("A worker runs again. Series, files and messages that waited are made now.")},
		link:    s.link(lang.M("Look at the jobs"), pathJobs),
	}
}

// noWorker tells that nothing is made because no worker runs.
func (s *Service) noWorker() letter {
	return letter{
		subject: lang.M("Alarm: no worker runs"),
		lines:   []string{lang.M("No worker has run for some minutes. Series, files and messages wait, and neither the books nor redemptions are watched. Start one: refill work.")},
		link:    s.link(lang.M("Look at the jobs"), pathJobs),
		after:   []string{lang.M("Another message says when a worker runs again.")},
	}
}

// confirm asks the owner of an address to confirm it. The token is drawn here, so that no
// copy of it waits in the queue.
func (s *Service) confirm(ctx context.Context, r reader) (letter, error) {
	if r.Pending == "" {
		return letter{}, nil
	}
	token, err := staff.MailToken(ctx, s.DB, r.ID, r.Pending)
	if err != nil || token == "" {
		return letter{}, err
	}
	return letter{
		to: r.Pending, subject: lang.M("Confirm your e-mail address"),
		lines: []string{fmt.Sprintf(lang.M("The account %s entered this address for notifications. To confirm it, open the page and press the button there. The link works for an hour, while you are signed in."), r.Username)},
		link:  s.link(lang.M("Confirm the address"), pathConfirm, token),
		after: []string{lang.M("If you know nothing of this, do nothing: without a confirmation nothing more is sent here.")},
	}, nil
}

// former tells an address that it is no longer used.
func (s *Service) former(ctx context.Context, r reader, id int64) (letter, error) {
	address, found, err := db.Found(s.q.MailFormerGet(ctx, s.DB, db.MailFormerGetParams{ID: id, StaffID: r.ID}))
	if err != nil || !found {
		return letter{}, err
	}
	return letter{
		to: address, subject: lang.M("Your e-mail address was changed"),
		lines: []string{fmt.Sprintf(lang.M("The account %s no longer uses this address for notifications. If that was you, there is nothing to do. If not, tell your administrator at once."), r.Username)},
	}, nil
}

// Test sends a message to the address of a member of staff at once: the confirmed one, else
// the one that waits. It returns the address. The error is *mail.Error where the SMTP server
// refuses, with its answer.
func (s *Service) Test(ctx context.Context, staffID int64, id string) (string, error) {
	row, err := db.Need(s.q.MailStaffGet(ctx, s.DB, staffID)).Or(ErrNoAddress, "read a member of staff")
	if err != nil {
		return "", err
	}
	to := row.Address
	if to == "" {
		to = row.Pending
	}
	if to == "" {
		return "", ErrNoAddress
	}
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return "", err
	}
	return to, s.send(ctx, "test."+id, letter{
		to: to, brand: settings.Brand, subject: lang.M("Test message"),
		lines: []string{lang.M("This is the test message that you asked for. E-mail works.")},
		link:  mail.Link{Text: lang.M("Your account"), URL: s.link("", pathAccount).URL},
	})
}
