package admin

import (
	"context"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// setupStep is a step of setting up a new installation. It counts as done once the
// installation shows that it is, or a person says so.
type setupStep struct {
	Text, Why, URL string
	Done           bool
	Confirm        string // address to which a person says that it is done; empty: it ticks itself
}

// KeyBackupPath is the address to which a person says that the key file is backed up.
const KeyBackupPath = "/admin/setup/key-backup"

// KeyBackup handles POST /admin/setup/key-backup.
func (s *Server) KeyBackup(c *gin.Context) error {
	if err := s.Settings.ConfirmKeyBackup(c.Request.Context(), s.Actor(c)); err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneGood, lang.M("Noted: the key file is backed up. After a rotation of the keys you are asked again."))
	return s.Redirect(c, sectionDashboard)
}

// stepsToSell is the number of steps, from the first on, without which no card is sold.
const stepsToSell = 7

// homeSetup lists the steps of setting up, for people who may do all of them, until every
// step is done.
func (s *Server) homeSetup(ctx context.Context, p *homePage, settings setting.Settings) error {
	if !p.Person.Scope.AllPartners || !p.Person.Can(staff.ConfigManage) || !p.Person.Can(staff.SeriesGenerate) || !settings.RefillCards {
		return nil
	}
	address := settings.CheckAddress(s.PublicURL) == nil
	if !address {
		p.attend(kit.ToneWarn, SectionGeneral, lang.M("Printed cards would lead to %s, which customers may be unable to open"), s.PublicURL)
	}
	has, err := db.New().DashboardSetup(ctx, s.Pool, p.Person.ID)
	if err != nil {
		return err
	}
	worker, err := db.New().JobWorkerSeen(ctx, s.Pool)
	if err != nil {
		return err
	}
	newest, err := db.New().KeyNewest(ctx, s.Pool)
	if err != nil {
		return err
	}
	steps := []setupStep{
		{lang.M("Confirm currency and time zone"), lang.M("The currency can’t be changed after the first customer or series."), SectionGeneral, settings.CurrencyConfirmed, ""},
		{lang.M("Set the public address"), lang.M("It is printed on cards: REFILL_PUBLIC_URL, with HTTPS. Or confirm the present one."), SectionGeneral, address, ""},
		{lang.M("Start a worker"), lang.M("It makes series and writes files: refill work, on this machine or another."), SectionJobs, worker, ""},
		{lang.M("Enter a partner"), lang.M("Customers and cards belong to partners. One is enough."), SectionPartners, has.Partner, ""},
		{lang.M("Enter a customer"), lang.M("Make a sign-in link for the portal on the customer’s page."), CustomerNew, has.Customer, ""},
		{lang.M("Order the first series"), lang.M("Ten cards are enough to try everything."), SectionGenerate, has.Series, ""},
		{lang.M("Redeem a card"), lang.M("In the portal as the customer, or on the customer’s page."), SectionCustomers, has.Redeemed, ""},
		{lang.M("Let a second administrator sign in"), lang.M("One person alone can’t approve what needs two, nor help when a password is lost."), SectionStaff, has.SecondAdministrator, ""},
		{lang.M("Set up your second factor"), lang.M("A stolen password then opens nothing."), SectionFactor, has.SecondFactor, ""},
		{lang.M("Back up the key file"), lang.M("Apart from the database and its backups. Without it no card can be redeemed, and no copy here can replace it."), "", settings.KeyBackup.Covers(newest), KeyBackupPath},
	}
	for i, step := range steps {
		if step.Done {
			p.SetupDone++
		} else if i < stepsToSell {
			p.SetupOpen = true
		}
	}
	if p.SetupDone < len(steps) {
		p.Setup = steps
	}
	return nil
}
