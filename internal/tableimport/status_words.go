package tableimport

import (
	"strings"
	"sync"
)

// The possible meanings of a status word. The caller decides what each means for its rows.
const (
	WordsActive   = "active"
	WordsInactive = "inactive" // not activated yet
	WordsDisabled = "disabled"
	WordsExpired  = "expired"
	WordsUsed     = "used"
	WordsVoid     = "void"
)

// statusWords are the words in the seven languages. Numbers and words for yes and no are
// absent, because each can have either meaning.
var statusWords = map[string]string{ //nolint:gochecknoglobals // a table
	WordsActive: "active|activ|activated|enabled|enable|valid|new|unused|not used|unredeemed|not redeemed|ready|available|open|unsold|in stock|issued|" +
		"activo|activa|activado|activada|habilitado|habilitada|válido|válida|nuevo|nueva|sin usar|no usado|no usada|no utilizado|disponible|vigente|" +
		"actif|active|activé|activée|valide|valable|nouveau|nouvelle|inutilisé|inutilisée|non utilisé|non utilisée|" +
		"ativo|ativa|ativado|ativada|novo|nova|não usado|não usada|não utilizado|não utilizada|disponível|vigente|" +
		"aktiv|aktiviert|gültig|gueltig|neu|unbenutzt|ungenutzt|nicht benutzt|nicht eingelöst|verfügbar|offen|bereit|" +
		"نشط|نشطة|فعال|فعالة|مفعل|مفعلة|صالح|صالحة|جديد|جديدة|غير مستخدم|غير مستخدمة|متاح|متاحة|" +
		"aktif|berlaku|baru|belum dipakai|belum digunakan|belum terpakai|tersedia|siap",
	WordsInactive: "inactive|not active|not activated|not yet activated|unactivated|deactivated|pending|pending activation|dormant|not enabled|awaiting activation|" +
		"inactivo|inactiva|no activo|no activa|no activado|no activada|desactivado|desactivada|pendiente|sin activar|" +
		"inactif|inactive|non actif|non active|non activé|non activée|désactivé|désactivée|en attente|" +
		"inativo|inativa|não ativo|não ativa|não ativado|não ativada|desativado|desativada|pendente|" +
		"inaktiv|nicht aktiv|nicht aktiviert|deaktiviert|ausstehend|" +
		"غير نشط|غير نشطة|غير فعال|غير فعالة|غير مفعل|غير مفعلة|معلق|قيد الانتظار|" +
		"tidak aktif|nonaktif|non aktif|belum aktif|belum diaktifkan|tertunda",
	WordsDisabled: "disabled|disable|blocked|locked|suspended|barred|frozen|on hold|paused|stopped|" +
		"deshabilitado|deshabilitada|inhabilitado|inhabilitada|bloqueado|bloqueada|suspendido|suspendida|congelado|pausado|" +
		"bloqué|bloquée|suspendu|suspendue|verrouillé|verrouillée|gelé|gelée|" +
		"desabilitado|desabilitada|bloqueada|suspenso|suspensa|" +
		"gesperrt|blockiert|ausgesetzt|eingefroren|pausiert|" +
		"معطل|معطلة|محظور|محظورة|موقوف|موقوفة|مقفل|مقفلة|محجوب|مجمد|" +
		"dinonaktifkan|diblokir|terblokir|dikunci|terkunci|ditangguhkan|dibekukan|dimatikan",
	WordsExpired: "expired|lapsed|out of date|past|ended|" +
		"vencido|vencida|caducado|caducada|expirado|expirada|" +
		"expiré|expirée|périmé|périmée|échu|échue|" +
		"abgelaufen|verfallen|ungültig|" +
		"منتهي|منتهية|منتهي الصلاحية|منتهية الصلاحية|انتهت|انتهت الصلاحية|" +
		"kedaluwarsa|kadaluarsa|kadaluwarsa|habis masa berlaku|tidak berlaku|berakhir",
	WordsUsed: "used|redeemed|in use|in-use|consumed|spent|depleted|exhausted|finished|used up|fully used|fully redeemed|claimed|online|" +
		"usado|usada|utilizado|utilizada|canjeado|canjeada|consumido|consumida|gastado|gastada|agotado|agotada|en uso|" +
		"utilisé|utilisée|consommé|consommée|épuisé|épuisée|en cours|en cours d'utilisation|encaissé|" +
		"resgatado|resgatada|esgotado|esgotada|em uso|gasto|gasta|" +
		"benutzt|verwendet|eingelöst|eingeloest|verbraucht|aufgebraucht|genutzt|gebraucht|in benutzung|" +
		"مستخدم|مستخدمة|مستعمل|مستعملة|مستهلك|مستهلكة|تم الاستخدام|تم استخدامها|مستنفد|" +
		"terpakai|digunakan|dipakai|sudah dipakai|sudah digunakan|sudah terpakai|ditukarkan|habis|bekas",
	WordsVoid: "void|voided|deleted|cancelled|canceled|revoked|invalid|destroyed|lost|stolen|refunded|removed|terminated|" +
		"anulado|anulada|cancelado|cancelada|eliminado|eliminada|borrado|borrada|revocado|revocada|perdido|perdida|robado|robada|inválido|inválida|" +
		"annulé|annulée|supprimé|supprimée|révoqué|révoquée|perdu|perdue|volé|volée|invalide|remboursé|" +
		"excluído|excluída|apagado|apagada|revogado|revogada|roubado|roubada|removido|removida|" +
		"storniert|gelöscht|geloescht|entwertet|annulliert|widerrufen|verloren|gestohlen|" +
		"ملغي|ملغاة|ملغى|محذوف|محذوفة|لاغي|لاغية|مفقود|مسروق|" +
		"dibatalkan|batal|dihapus|terhapus|dicabut|hilang|dicuri",
}

// StatusWords returns the words of one of the constants, or none.
func StatusWords(name string) []string {
	if statusWords[name] == "" {
		return nil
	}
	return strings.Split(statusWords[name], "|")
}

// knownStatus maps the key of every word of a status to its meaning.
var knownStatus = sync.OnceValue(func() map[string]string { //nolint:gochecknoglobals // a table, made once
	known := map[string]string{}
	for name, words := range statusWords {
		for word := range strings.SplitSeq(words, "|") {
			known[WordKey(word)] = name
		}
	}
	return known
})

// yesNo are words for yes and no. Their meaning depends on the heading.
const yesNo = "true|false|yes|no|y|n|t|f|on|off|si|sí|oui|non|sim|não|ja|nein|نعم|لا|ya|tidak|wahr|falsch|vrai|faux|verdadero|falso|verdadeiro|benar|salah|صحيح|خطأ|x"

var yesNoKeys = sync.OnceValue(func() map[string]struct{} { //nolint:gochecknoglobals // a table, made once
	return keys(yesNo, WordKey)
})

func isYesNo(key string) bool {
	_, ok := yesNoKeys()[key]
	return ok
}
