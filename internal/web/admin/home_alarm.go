package admin

import (
	"context"
	"fmt"
	"time"

	"refill/internal/db"
	"refill/internal/event"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
	"refill/internal/webhook"
)

// homeGuesses raises the alarm where codes seem to be tried at random.
func (s *Server) homeGuesses(ctx context.Context, p *homePage, settings setting.Settings) error {
	scope := p.Person.Scope
	rows, err := db.New().GuessCountUnknown(ctx, s.Pool, db.GuessCountUnknownParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Unknown <= int64(settings.WrongPartner) {
			break // the most comes first
		}
		who, with := lang.M("customers of ")+row.Name, lang.M(", searches of staff there included,")
		if row.ID == 0 {
			who, with = lang.M("staff of all partners"), ""
		}
		a := alarm{
			Text: fmt.Sprintf(lang.M("Somebody may be guessing codes: %s tried %s that no card has%s within the last hour; more than %s is an alarm."),
				who, kit.Count(row.Unknown, "code", "codes"), with, money.Group(fmt.Sprint(settings.WrongPartner))),
			URL: SectionCustomers, Link: lang.M("Look for the customers"),
		}
		if p.Person.Can(staff.AuditView) {
			today := s.Now().Add(-time.Hour).In(kit.Zone(settings.TimeZone)).Format(time.DateOnly)
			a.URL, a.Link = SectionAudit+"?what=card.refused&from="+today, lang.M("See who, and from where")
		}
		p.Alarms = append(p.Alarms, a)
	}
	return nil
}

// homeWebhooks raises the alarm where an endpoint has got nothing for an hour, where one was
// switched off by its failures, and where events are not relayed.
func (s *Server) homeWebhooks(ctx context.Context, p *homePage, _ setting.Settings) error {
	scope := p.Person.Scope
	rows, err := db.New().WebhookFailing(ctx, s.Pool, db.WebhookFailingParams{Age: webhook.AlarmAfter, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	for _, row := range rows {
		text := lang.M("The webhook endpoint %s has failed for more than an hour.")
		switch row.DisabledWhy {
		case webhook.WhyGone:
			text = lang.M("The webhook endpoint %s is off: its address answered that it is gone.")
		case webhook.WhyFailing:
			text = lang.M("The webhook endpoint %s is off after three days of failures.")
		}
		p.Alarms = append(p.Alarms, alarm{Text: fmt.Sprintf(text, row.Name), URL: webhookURL(row.ID), Link: lang.M("Look at its deliveries")})
	}
	waiting, err := event.QueueState(ctx, s.Pool)
	if err == nil && waiting.Behind() && scope.AllPartners {
		p.Alarms = append(p.Alarms, alarm{Text: lang.M("Other systems are not told what happens: events wait for a worker."), URL: SectionWebhooks, Link: lang.M("Look at the webhooks")})
	}
	return err
}

// homeImports raises the alarm where a file was found to try codes. It may name cards of
// any partner, so staff of all of them are told.
func (s *Server) homeImports(ctx context.Context, p *homePage, _ setting.Settings) error {
	if !p.Person.Scope.AllPartners {
		return nil
	}
	rows, err := db.New().ImportAlarms(ctx, s.Pool)
	if err != nil {
		return err
	}
	for _, row := range rows {
		a := alarm{Text: fmt.Sprintf(lang.M("The file %s, which %s wanted to import, holds codes of cards that are here already: somebody may be trying codes. It was stopped."), row.FileName, row.Who), URL: SectionSeries, Link: lang.M("Look at the series")}
		switch {
		case p.Person.Can(staff.AuditView):
			a.URL, a.Link = SectionAudit+"?what=import.probed", lang.M("See when, and from where")
		case p.Person.Can(staff.SeriesImport):
			a.URL, a.Link = importURL(row.ID), lang.M("Look at the import")
		}
		p.Alarms = append(p.Alarms, a)
	}
	return nil
}
