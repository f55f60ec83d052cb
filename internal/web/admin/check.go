package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// checkPage shows the result of each bookkeeping rule and the history of runs.
type checkPage struct {
	kit.Page
	Verdict  verdict
	Live     bool // a run is under way
	Progress kit.Progress
	Rules    []ruleView
	Runs     []runView
	Every    string // the interval between runs, in words
	CanRun   bool
	Chain    chainView
	Warnings []string // conditions that weaken the rules without breaking one
	Walk     walkView
}

// walkView is the progress of the check of all card codes.
type walkView struct {
	Cards    int64
	Seen     int64 // in this round
	Under    bool  // a round is under way
	At       time.Time
	Last     time.Time // end of the last complete round; zero: never
	LastSeen int64
	Faults   kit.Badge
}

// verdict is the result of the last run, as a sentence.
type verdict struct {
	Text string
	Tone kit.Tone
	Icon string
}

// ruleView is one rule with its result in the last run.
type ruleView struct {
	Number      int
	Text        string
	State       kit.Badge
	Broken      bool
	Found       int64
	Examples    []string
	More        int64
	Means, Todo string
}

// runView is one line of the history.
type runView struct {
	At     time.Time
	Took   string
	By     string
	Result kit.Badge
	Why    string // why the run did not finish
}

// runsShown is the number of runs in the history.
const runsShown = 30

// CheckList handles GET /admin/checks.
func (s *Server) CheckList(c *gin.Context) error {
	ctx, q := c.Request.Context(), db.New()
	p := &checkPage{Page: s.Page(c, lang.M("Checks"), SectionChecks)}
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	p.Every = kit.Count(int64(settings.CheckHours), "hour", "hours")
	if settings.CheckHours == 1 {
		p.Every = "hour"
	}
	runs, err := q.CheckRunList(ctx, s.Pool, runsShown)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.EndedAt == nil {
			p.Live = true
			p.Progress = kit.Progress{Label: lang.M("Checking the books"), Done: int64(r.Done), Total: int64(r.Total)}
			continue
		}
		p.Runs = append(p.Runs, viewRun(r))
	}
	p.CanRun = p.Person.Can(staff.JobsManage) && !p.Live
	last, found, err := db.Found(q.CheckRunLast(ctx, s.Pool))
	if err != nil {
		return err
	}
	p.Verdict = verdict{lang.M("The books have not been checked yet."), kit.ToneIdle, "clock"}
	if found {
		p.Verdict = s.judge(last, settings.CheckHours)
	}
	if p.Chain, err = s.chain(c, p.Person); err != nil {
		return err
	}
	if p.Warnings, err = check.Warnings(ctx, s.Pool); err != nil {
		return err
	}
	walk, err := q.CodeWalkGet(ctx, s.Pool)
	if err != nil {
		return err
	}
	p.Walk = viewWalk(walk)
	results, err := q.CheckResultList(ctx, s.Pool, last.ID)
	if err != nil {
		return err
	}
	p.rules(results)
	return s.Part(c, http.StatusOK, "admin/check_list", "checks-live", p)
}

func viewWalk(w db.CodeWalkGetRow) walkView {
	v := walkView{Cards: w.Cards, Seen: w.Seen, Under: w.AfterSeries > 0, LastSeen: w.RoundCards, Faults: kit.Badge{Word: lang.M("None"), Tone: kit.ToneGood}}
	if w.SliceAt != nil {
		v.At = *w.SliceAt
	}
	if w.RoundAt != nil {
		v.Last = *w.RoundAt
	}
	if w.Faults > 0 {
		v.Faults = kit.Badge{Word: money.Group(fmt.Sprint(w.Faults)), Tone: kit.ToneBad}
	}
	return v
}

// overdue is the number of check intervals that may pass after a run before the page warns.
const overdue = 3

// judge returns the verdict on the last complete run.
func (s *Server) judge(last db.CheckRunLastRow, hours int) verdict {
	switch {
	case last.Broken == 1:
		return verdict{lang.M("The books do not hold: one rule is broken. Read below what it means and what to do."), kit.ToneBad, "alert-triangle"}
	case last.Broken > 1:
		return verdict{fmt.Sprintf(lang.M("The books do not hold: %d rules are broken. Read below what each means and what to do."), last.Broken), kit.ToneBad, "alert-triangle"}
	case s.Now().Sub(last.EndedAt) > time.Duration(overdue*hours)*time.Hour:
		return verdict{lang.M("The books held when they were last checked, but that is long ago. See on the jobs page whether a worker runs."), kit.ToneWarn, "alert-circle"}
	}
	return verdict{lang.M("The books hold: every rule was kept when they were last checked."), kit.ToneGood, "circle-check"}
}

// viewRun prepares a run for display.
func viewRun(r db.CheckRunListRow) runView {
	v := runView{At: r.StartedAt, By: lang.M("The clock"), Took: took(r.EndedAt.Sub(r.StartedAt)), Why: fault.Kept(r.Failure).Text()}
	if r.StaffName != nil {
		v.By = *r.StaffName
	}
	switch {
	case r.Failure != "":
		v.Result = kit.Badge{Word: lang.M("Not finished"), Tone: kit.ToneWarn}
	case r.Broken > 0:
		v.Result = kit.Badge{Word: kit.Count(r.Broken, lang.M("rule broken"), lang.M("rules broken")), Tone: kit.ToneBad}
	default:
		v.Result = kit.Badge{Word: lang.M("Holds"), Tone: kit.ToneGood}
	}
	return v
}

// took formats a duration for display.
func took(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return span(d)
}

// rules adds every rule to the page, the broken ones first.
func (p *checkPage) rules(results []db.CheckResultListRow) {
	found := map[int]db.CheckResultListRow{}
	for _, r := range results {
		found[int(r.Number)] = r
	}
	var hold []ruleView
	for _, rule := range check.Rules() {
		v := ruleView{Number: rule.Number, Text: rule.Text, Means: rule.Means, Todo: rule.Todo}
		r, looked := found[rule.Number]
		switch {
		case !looked:
			v.State = kit.Badge{Word: lang.M("Not checked yet"), Tone: kit.ToneIdle}
		case r.Found == 0:
			v.State = kit.Badge{Word: lang.M("Holds"), Tone: kit.ToneGood}
		default:
			v.State = kit.Badge{Word: "Broken: " + money.Group(fmt.Sprint(r.Found)), Tone: kit.ToneBad}
			v.Broken, v.Found, v.Examples, v.More = true, r.Found, r.Examples, r.Found-int64(len(r.Examples))
			p.Rules = append(p.Rules, v)
			continue
		}
		hold = append(hold, v)
	}
	p.Rules = append(p.Rules, hold...)
}

// CheckRun handles POST /admin/checks: it requests a run at once.
func (s *Server) CheckRun(c *gin.Context) error {
	err := s.Checks.Ask(c.Request.Context(), s.Actor(c))
	if fault.KindOf(err) == fault.Conflict && err != nil {
		s.SetFaultFlash(c, err)
		return s.Redirect(c, SectionChecks)
	}
	if err != nil {
		return err
	}
	return s.Redirect(c, SectionChecks)
}

// homeChecks adds alarms to the dashboard for broken rules and for cards that were changed
// in the database.
func (s *Server) homeChecks(ctx context.Context, p *homePage, _ setting.Settings) error {
	changed, err := db.New().CodeFaultCount(ctx, s.Pool)
	if err != nil {
		return err
	}
	if changed > 0 {
		p.Alarms = append(p.Alarms, alarm{
			Text: fmt.Sprintf(lang.M("Cards were changed in the database: the codes of %s are not those that they are found by. Such a card is refused."), kit.Count(changed, "card", "cards")),
			URL:  SectionChecks, Link: lang.M("See what it means and what to do"),
		})
	}
	last, found, err := db.Found(db.New().CheckRunLast(ctx, s.Pool))
	if err != nil {
		return err
	}
	if !found {
		return nil
	}
	if last.Broken > 0 {
		p.Alarms = append(p.Alarms, alarm{
			Text: fmt.Sprintf(lang.M("The books do not hold: %s. Money or cards may be wrong."), kit.Count(last.Broken, lang.M("rule is broken"), lang.M("rules are broken"))),
			URL:  SectionChecks, Link: lang.M("See what it means and what to do"),
		})
		return nil
	}
	if changed == 0 {
		p.Books = &last.EndedAt
	}
	return nil
}
