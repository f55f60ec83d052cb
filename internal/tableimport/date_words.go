package tableimport

import (
	"strings"
	"sync"
	"time"
)

// months are the names of each month in the seven languages, in full and abbreviated.
var months = [12]string{ //nolint:gochecknoglobals // a table
	"january|jan|enero|ene|janvier|janv|janeiro|januar|jän|jänner|يناير|كانون الثاني|جانفي|januari",
	"february|feb|febr|febrero|février|févr|fév|fevereiro|fev|februar|فبراير|شباط|فيفري|februari|pebruari|peb",
	"march|mar|marzo|mars|março|märz|mrz|maerz|مارس|آذار|maret|mrt",
	"april|apr|abril|abr|avril|avr|أبريل|ابريل|نيسان|أفريل",
	"may|mayo|mai|maio|مايو|أيار|ماي|mei",
	"june|jun|junio|juin|junho|juni|يونيو|يونيه|حزيران|جوان",
	"july|jul|julio|juillet|juil|julho|juli|يوليو|يوليه|تموز|جويلية",
	"august|aug|agosto|ago|août|aout|أغسطس|اغسطس|آب|أوت|agustus|agt|agust|ags",
	"september|sep|sept|septiembre|setiembre|set|septembre|setembro|سبتمبر|أيلول",
	"october|oct|octubre|octobre|outubro|out|oktober|okt|أكتوبر|اكتوبر|تشرين الأول",
	"november|nov|noviembre|novembre|novembro|نوفمبر|تشرين الثاني|nopember|nop",
	"december|dec|diciembre|dic|décembre|déc|dezembro|dez|dezember|ديسمبر|كانون الأول|desember|des",
}

// noise are words of a date without information: days of the week, ordinal endings,
// prepositions.
const noise = "st|nd|rd|th|er|de|del|of|the|le|el|den|der|am|le|do|da|º|ª|tanggal|tgl|في|at|um|on|" +
	"monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|" +
	"lunes|martes|miércoles|jueves|viernes|sábado|domingo|lun|mié|jue|vie|sáb|dom|" +
	"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|mer|jeu|ven|sam|dim|" +
	"segunda|terça|quarta|quinta|sexta|segunda-feira|terça-feira|quarta-feira|quinta-feira|sexta-feira|feira|seg|ter|qua|qui|sex|" +
	"montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|mo|di|mi|do|fr|sa|so|" +
	"الاثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|السبت|الأحد|senin|selasa|rabu|kamis|jumat|sabtu|minggu|sen|sel|rab|kam|jum|sab|min"

// noDate are words for "no date".
const noDate = "never|unlimited|no limit|no expiry|no expiration|no expiry date|lifetime|forever|does not expire|never expires|no end|nunca|ilimitado|ilimitada|sin vencimiento|sin caducidad|sin expiración|no vence|no caduca|sin límite|jamais|illimité|illimitée|sans expiration|sans limite|sem validade|sem vencimento|não expira|sem limite|nie|unbegrenzt|unbefristet|ohne ablauf|kein ablauf|أبدا|غير محدود|بدون انتهاء|بلا انتهاء|لا ينتهي|selamanya|tidak terbatas|tanpa batas|unlimited time"

var monthKeys = sync.OnceValue(func() map[string]time.Month { //nolint:gochecknoglobals // a table, made once
	known := map[string]time.Month{}
	for i, names := range months {
		for name := range strings.SplitSeq(names, "|") {
			known[Fold(name)] = time.Month(i + 1)
		}
	}
	return known
})

var noiseKeys = sync.OnceValue(func() map[string]struct{} { //nolint:gochecknoglobals // a table, made once
	return keys(noise, Fold)
})

var noDateKeys = sync.OnceValue(func() map[string]struct{} { //nolint:gochecknoglobals // a table, made once
	return keys(noDate, WordKey)
})
