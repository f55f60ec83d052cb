package tableimport

import (
	"strings"
	"sync"
)

// Headings is the subject of a column, as its heading names it. The words are English,
// Spanish, French, Portuguese, German, Arabic and Indonesian, and those of the exports of
// common hotspot tools and gift card systems.
type Headings string

// The subjects of headings.
const (
	HeadCode       Headings = "code"
	HeadShortCode  Headings = "short_code"
	HeadSerial     Headings = "serial"
	HeadPrice      Headings = "price"
	HeadRemaining  Headings = "remaining"
	HeadCurrency   Headings = "currency"
	HeadValidTill  Headings = "valid_till"
	HeadStatus     Headings = "status"
	HeadUsedAt     Headings = "used_at"
	HeadUsedBy     Headings = "used_by"
	HeadName       Headings = "name"
	HeadUsername   Headings = "username"
	HeadPassword   Headings = "password"
	HeadPartner    Headings = "partner"
	HeadPhone      Headings = "phone"
	HeadEmail      Headings = "email"
	HeadExternalID Headings = "external_id"
	HeadBalance    Headings = "balance"
	HeadComment    Headings = "comment"
)

// The ranks of HeadCode whose columns hold codes only if their content looks like codes:
// the user and the password of a hotspot tool.
const (
	rankUser     = 4
	rankPassword = 5
)

// The ranks of HeadUsedAt and HeadUsedBy that are less specific than "used on": activated,
// used at least once, and a word that is mostly a status.
const (
	rankActivated = 1
	rankUsed      = 3
)

// headingWords lists the words of each subject from the most specific to the most general.
// Each line is a rank; the lower rank wins.
var headingWords = map[Headings][]string{ //nolint:gochecknoglobals // a table
	HeadCode: {
		"full code|complete code|full pin|código completo|code complet|vollständiger code|kompletter code|الرمز الكامل|الكود الكامل|kode lengkap|voucher code full",
		"voucher code|card code|gift card code|giftcard code|refill code|recharge code|redemption code|redeem code|coupon code|scratch code|secret code|hidden code|topup code|top up code|prepaid code|access code|activation code|ticket code|pin code|recharge pin|voucher pin|card pin|csv code|" +
			"código de tarjeta|código de la tarjeta|código de recarga|código del vale|código de vale|código de cupón|código de voucher|code de recharge|code de la carte|code carte|code du bon|code coupon|code promo|code cadeau|" +
			"código do cartão|código do voucher|código de cartão|código do cupom|gutscheincode|gutschein code|kartencode|aufladecode|guthabencode|voucher-code|gutscheinnummer|" +
			"رمز البطاقة|كود البطاقة|رمز القسيمة|كود القسيمة|رمز الشحن|كود الشحن|كود الكرت|رمز الكرت|رقم الكرت|kode voucher|kode kartu|kode isi ulang|kode kupon|kode tiket|kode pin",
		"code|codes|código|codigo|códigos|kode|kod|الرمز|رمز|كود|الكود|الأكواد|pin|pins|clave|code number|coupon number",
		"voucher|vouchers|coupon|gift card|giftcard|card|secret|token|ticket|vale|cupón|tarjeta|bon|coupon|carte|cartão|cupom|gutschein|karte|قسيمة|القسيمة|البطاقة|بطاقة|كرت|الكرت|kartu|kupon|tiket",
		"username|user name|user|login|user-name|name|nombre de usuario|usuario|utilisateur|nom d'utilisateur|identifiant|usuário|nome de usuário|utilizador|benutzername|benutzer|anmeldename|اسم المستخدم|المستخدم|nama pengguna|pengguna|account",
		"password|pass|passwd|contraseña|mot de passe|senha|palavra-passe|passwort|kennwort|كلمة المرور|كلمة السر|kata sandi|sandi|cleartext-password",
		"card number|card no|voucher number|voucher no|gift card number|número de tarjeta|numéro de carte|número do cartão|kartennummer|رقم البطاقة|nomor kartu|nomor voucher",
	},
	HeadShortCode: {
		"short code|code short|código corto|code court|código curto|kurzcode|kurzer code|الرمز القصير|kode pendek|kode singkat",
		"", "", "", "", "", "", "", "", // after every rank of HeadCode
		"code|código|kode|الرمز|رمز|كود|الكود",
	},
	HeadSerial: {
		"serial number|serial no|serial|serial nr|serie number|número de serie|nº de serie|serie|numéro de série|n° de série|série|número de série|seriennummer|serien-nr|الرقم التسلسلي|رقم تسلسلي|التسلسل|nomor seri|no seri|seri|sn|s/n",
		"card number|card no|card nr|card id|voucher number|voucher no|voucher id|ticket number|ticket no|gift card id|número de tarjeta|id de tarjeta|numéro de carte|n° de carte|número do cartão|kartennummer|karten-nr|رقم البطاقة|nomor kartu|nomor voucher|no voucher|id voucher",
		"id|number|no|nr|num|núm|número|numero|numéro|nummer|lfd nr|laufende nummer|nomor|nº|n°|رقم|الرقم|م|#|row|item|sequence|seq|urutan",
	},
	HeadPrice: {
		"face value|initial value|initial balance|original balance|issued value|issued amount|original value|original amount|card value|voucher value|gift card value|gift card amount|voucher price|card price|price per card|" +
			"valor nominal|valor inicial|saldo inicial|valor de la tarjeta|valor facial|valeur nominale|valeur faciale|valeur initiale|solde initial|valor do cartão|valor de face|nennwert|kartenwert|ursprungswert|anfangswert|" +
			"القيمة الاسمية|قيمة البطاقة|سعر البطاقة|القيمة الأصلية|الرصيد الأولي|nilai nominal|nilai awal|saldo awal|harga voucher|harga kartu|nilai voucher",
		"price|amount|value|denomination|denominations|nominal|importe|precio|monto|valor|prix|montant|valeur|preço|quantia|montante|preis|betrag|wert|harga|nilai|السعر|سعر|المبلغ|مبلغ|القيمة|قيمة|الفئة|فئة",
		"cost|sum|unit price|sell price|selling price|sale price|retail price|price sell|credit|credits|tarifa|coste|costo|coût|tarif|crédit|crédito|custo|kosten|kredit|harga jual|jumlah|nominal voucher|التكلفة|ثمن|الثمن",
	},
	HeadRemaining: {
		"remaining balance|balance remaining|current balance|available balance|remaining value|remaining credit|remaining amount|amount remaining|value remaining|credit left|balance left|amount left|outstanding balance|outstanding value|unused value|unused balance|" +
			"saldo restante|saldo actual|saldo disponible|importe restante|valor restante|crédito restante|solde restant|solde actuel|solde disponible|montant restant|valeur restante|crédit restant|saldo atual|saldo disponível|valor remanescente|saldo remanescente|" +
			"restguthaben|restwert|restbetrag|aktuelles guthaben|verfügbares guthaben|aktueller saldo|الرصيد المتبقي|الرصيد الحالي|القيمة المتبقية|المبلغ المتبقي|الرصيد المتاح|sisa saldo|saldo tersisa|saldo saat ini|sisa nilai|sisa kredit|saldo sekarang",
		"remaining|balance|left|outstanding|available|saldo|restante|disponible|solde|reste|restant|remanescente|disponível|guthaben|kontostand|rest|المتبقي|الرصيد|رصيد|sisa|tersisa",
	},
	HeadCurrency: {
		"currency|currency code|cur|ccy|curr|moneda|divisa|código de moneda|devise|monnaie|code devise|moeda|código da moeda|währung|waehrung|währungscode|العملة|عملة|رمز العملة|mata uang|kode mata uang",
	},
	HeadValidTill: {
		"valid till|valid until|valid to|valid thru|valid through|validtill|expiry date|expiration date|expire date|expired date|expires on|expires at|expires|expire|expiry|expiration|exp date|exp|expire on|expiring|expiration time|expiry time|use by|good through|end date|redeem by|" +
			"válido hasta|valida hasta|válida hasta|valido hasta el|fecha de vencimiento|vencimiento|fecha vencimiento|fecha de caducidad|caducidad|vence|caduca|expira|fecha de expiración|expiración|fecha límite|" +
			"valable jusqu'au|valide jusqu'au|valable jusqu'à|valable jusque|date d'expiration|expire le|date de validité|date limite|échéance|date d'échéance|date de fin|date de péremption|" +
			"validade|válido até|válida até|data de validade|data de vencimento|data de expiração|vencimento|expira em|expiração|vence em|data limite|" +
			"gültig bis|gueltig bis|ablaufdatum|verfallsdatum|verfallsdatum|verfalldatum|ablauf|verfällt am|läuft ab|läuft ab am|gültigkeitsdatum|enddatum|einlösbar bis|" +
			"صالح حتى|صالحة حتى|صالح لغاية|تاريخ الانتهاء|تاريخ انتهاء الصلاحية|انتهاء الصلاحية|تاريخ الصلاحية|ينتهي في|تاريخ الإنتهاء|تنتهي في|صلاحية|الصلاحية|" +
			"berlaku sampai|berlaku hingga|berlaku s/d|tanggal kedaluwarsa|tanggal kadaluarsa|kadaluarsa|kedaluwarsa|kadaluwarsa|tanggal berakhir|tgl kadaluarsa|tgl expired|berakhir|tanggal expired|expired",
		"valid|validity|vigencia|validez|válido|validité|valable|gültig|gültigkeit|masa berlaku|masa aktif|until|till|end|fin|bis|hasta|jusqu'au|até|حتى",
	},
	HeadStatus: {
		"status|state|card status|voucher status|account status|estado|situación|estatus|estado de la tarjeta|statut|état|etat|statut de la carte|situação|estado do cartão|status do cartão|zustand|kartenstatus|kontostatus|الحالة|حالة|حالة البطاقة|الوضع|keadaan|status kartu|status voucher",
		"enabled|is enabled|active|is active|activo|activa|actif|ativo|aktiv|aktif|disabled|is disabled|blocked|مفعل|نشط",
		"used|is used|redeemed|is redeemed|usado|utilisé|benutzt|eingelöst|terpakai|مستخدم",
	},
	HeadUsedAt: {
		"used at|used on|used date|used time|date used|use date|usage date|redeemed at|redeemed on|redeemed date|date redeemed|redeem date|redemption date|redemption time|consumed at|consumed on|claimed at|claimed on|" +
			"fecha de uso|usado el|usada el|fecha de canje|canjeado el|canjeada el|fecha de utilización|utilizado el|utilizada el|date d'utilisation|utilisé le|utilisée le|date d'usage|encaissé le|date d'encaissement|" +
			"data de uso|usado em|usada em|data de utilização|utilizado em|utilizada em|data de resgate|resgatado em|resgatada em|verwendet am|benutzt am|genutzt am|eingelöst am|eingeloest am|einlösedatum|einlösungsdatum|nutzungsdatum|verbraucht am|" +
			"تاريخ الاستخدام|تاريخ الاستعمال|استخدم في|استخدمت في|تم الاستخدام في|وقت الاستخدام|تاريخ الاسترداد|tanggal pemakaian|tanggal penggunaan|tanggal digunakan|tanggal dipakai|digunakan pada|dipakai pada|tanggal penukaran|ditukarkan pada|tgl pakai|waktu pemakaian",
		"activated at|activated on|activated|activation date|activation time|date activated|first use|first used|first used at|first login|last use|last used|last used at|last used on|last login|last redeemed|last redeemed at|last redemption|" +
			"fecha de activación|activado el|activada el|primer uso|último uso|date d'activation|activé le|activée le|première utilisation|dernière utilisation|data de ativação|ativado em|ativada em|primeiro uso|" +
			"aktivierungsdatum|aktiviert am|freigeschaltet am|erste nutzung|letzte nutzung|تاريخ التفعيل|تاريخ التنشيط|فعلت في|أول استخدام|آخر استخدام|tanggal aktivasi|tgl aktivasi|diaktifkan pada|pertama digunakan|terakhir digunakan",
		timesUsed,
		"used|is used|redeemed|is redeemed|consumed|usado|usada|canjeado|utilisé|utilisée|resgatado|benutzt|verwendet|eingelöst|terpakai|مستخدم|مستخدمة",
	},
	HeadUsedBy: {
		"used by|redeemed by|consumed by|claimed by|used by user|usado por|usada por|utilizado por|utilizada por|canjeado por|canjeada por|utilisé par|utilisée par|encaissé par|resgatado por|resgatada por|" +
			"verwendet von|benutzt von|genutzt von|eingelöst von|eingeloest von|استخدم بواسطة|استخدمت بواسطة|تم الاستخدام بواسطة|مستخدم من قبل|استخدم من قبل|digunakan oleh|dipakai oleh|ditukarkan oleh|terpakai oleh",
		"activated by|activado por|activada por|activé par|activée par|ativado por|ativada por|aktiviert von|aktiviert durch|freigeschaltet von|فعل بواسطة|تم التفعيل بواسطة|diaktifkan oleh|first used by|last used by",
		timesUsed,
	},
	HeadName: {
		"full name|customer name|client name|subscriber name|account holder|display name|nombre completo|nombre y apellidos|nombre del cliente|nombre cliente|nom complet|nom du client|nom et prénom|nome completo|nome do cliente|vollständiger name|kundenname|vor- und nachname|الاسم الكامل|اسم العميل|اسم المشترك|اسم الزبون|nama lengkap|nama pelanggan|nama customer",
		"name|customer|client|subscriber|contact|contact name|nombre|cliente|abonado|suscriptor|nom|client|abonné|nome|assinante|kunde|الاسم|اسم|العميل|المشترك|الزبون|nama|pelanggan",
		"company|company name|empresa|société|firma|الشركة|perusahaan",
	},
	HeadUsername: {
		"username|user name|portal login|login name|login|user login|nombre de usuario|usuario|nom d'utilisateur|utilisateur|identifiant|nome de usuário|nome de utilizador|usuário|utilizador|benutzername|benutzerkennung|anmeldename|اسم المستخدم|nama pengguna|nama user",
		"user|account|account name|user id|userid|pppoe username|pppoe login|radius username|cuenta|compte|conta|konto|benutzer|المستخدم|الحساب|pengguna|akun",
	},
	HeadPassword: {
		"password|pass|passwd|contraseña|clave|mot de passe|senha|palavra-passe|passwort|kennwort|كلمة المرور|كلمة السر|kata sandi|sandi",
	},
	HeadPartner: {
		"partner|partner name|reseller|reseller name|dealer|agent|agent name|distributor|socio|revendedor|distribuidor|agente|partenaire|revendeur|distributeur|parceiro|revenda|wiederverkäufer|händler|haendler|vertriebspartner|الشريك|شريك|الموزع|موزع|الوكيل|وكيل|mitra|agen|reseller|distributor",
		"branch|shop|outlet|location|site|sucursal|tienda|ubicación|succursale|magasin|filial|loja|filiale|standort|الفرع|فرع|cabang|toko|lokasi",
	},
	HeadPhone: {
		"phone number|telephone number|mobile number|mobile phone|phone no|mobile no|msisdn|cell phone|contact number|número de teléfono|teléfono móvil|numéro de téléphone|téléphone portable|número de telefone|telefonnummer|handynummer|mobilnummer|رقم الهاتف|رقم الجوال|رقم الموبايل|nomor telepon|no telepon|nomor hp|no hp|no telp|nomor ponsel",
		"phone|phones|telephone|mobile|cell|tel|whatsapp|gsm|teléfono|móvil|celular|téléphone|portable|telefone|telemóvel|telefon|handy|mobil|الهاتف|هاتف|الجوال|جوال|الموبايل|موبايل|telepon|telp|hp|ponsel",
	},
	HeadEmail: {
		"email address|e-mail address|email|e-mail|mail|billing email|correo electrónico|correo|dirección de correo|adresse e-mail|adresse email|courriel|endereço de e-mail|correio eletrónico|e-mail-adresse|mailadresse|البريد الإلكتروني|بريد إلكتروني|البريد|الايميل|ايميل|alamat email|surel",
	},
	HeadExternalID: {
		"external id|external reference|external ref|customer id|customer number|customer no|client id|client number|account number|account no|account id|subscriber id|subscriber number|contract number|contract|id externo|referencia externa|id cliente|id de cliente|número de cliente|número de cuenta|id externe|référence externe|numéro de client|numéro client|id client|numéro de compte|referência externa|id do cliente|número do cliente|código do cliente|código de cliente|número da conta|externe id|kundennummer|kunden-nr|kundennr|kontonummer|vertragsnummer|رقم العميل|رقم الحساب|رقم المشترك|معرف العميل|رقم العقد|id pelanggan|nomor pelanggan|no pelanggan|kode pelanggan|id eksternal",
		"reference|ref|referencia|référence|referência|referenz|المرجع|المعرف|referensi",
		"id|#|number|no|nr|número|numéro|nummer|nomor|رقم",
	},
	HeadBalance: {
		"opening balance|starting balance|account balance|customer balance|current balance|saldo de apertura|saldo inicial|saldo de la cuenta|saldo actual|saldo cuenta|solde initial|solde d'ouverture|solde du compte|solde actuel|saldo de abertura|saldo da conta|saldo atual|anfangssaldo|eröffnungssaldo|kontostand|kontosaldo|الرصيد الافتتاحي|رصيد الحساب|الرصيد الحالي|رصيد افتتاحي|saldo awal|saldo akun|saldo saat ini",
		"balance|saldo|solde|guthaben|الرصيد|رصيد|deposit|credit|crédito|crédit|kredit|depósito",
	},
	HeadComment: {
		"comment|comments|note|notes|remark|remarks|description|memo|comentario|comentarios|nota|notas|observaciones|observación|commentaire|commentaires|remarque|remarques|observação|observações|comentário|bemerkung|bemerkungen|anmerkung|kommentar|notiz|ملاحظة|ملاحظات|تعليق|الوصف|keterangan|catatan|komentar",
	},
}

// timesUsed are headings of a column with the number of uses: above 0 the code was used.
// “of” represents a slash. It has no heading that may also mean the number of allowed uses,
// or the used part of a connection.
const timesUsed = "times redeemed|times used|redemptions|total redemptions|redemption count|redeem count|number of redemptions|usage count|use count|used count|number of uses|usage of limit|uses of limit|used of limit|redemptions of limit|" +
	"veces usado|veces usada|veces utilizado|veces canjeado|veces canjeada|canjes|número de canjes|cantidad de canjes|uso of límite|usos of límite|" +
	"nombre d'utilisations|nombre de fois utilisé|fois utilisé|utilisation of limite|utilisations of limite|" +
	"vezes usado|vezes usada|vezes utilizado|vezes resgatado|resgates|número de resgates|número de utilizações|uso of limite|usos of limite|utilização of limite|" +
	"einlösungen|anzahl einlösungen|anzahl der einlösungen|anzahl nutzungen|anzahl verwendungen|nutzungsanzahl|nutzung of limit|nutzungen of limit|verwendung of limit|" +
	"مرات الاستخدام|عدد مرات الاستخدام|عدد الاستخدامات|عدد مرات الاسترداد|الاستخدام of الحد|" +
	"jumlah pemakaian|jumlah penggunaan|jumlah digunakan|jumlah penukaran|kali digunakan|penggunaan of batas|pemakaian of batas"

// otherHeadings are headings that no field uses. They help to recognise the row of
// headings.
const otherHeadings = "profile|time limit|data limit|series|prefix|batch|batch name|created|created at|created on|created time|create time|creation date|date|time|type|routers|router|id plan|plan|package|duration|quota|sold|sold at|sold on|server|uptime|bytes in|bytes out|limit uptime|limit bytes|mac address|ip address|validity days|start date|valid from|user group|group|tag|tags|recipient|recipient name|recipient email|sender|purchaser|purchaser name|purchaser email|customer email|last characters|enabled|address|street|city|zip|country|tariff|gender|birthday|quantity|qty|count|total|download|upload|rate limit|devices|printed|" +
	"perfil|serie|lote|prefijo|fecha|fecha de creación|creado|tipo|plan|paquete|duración|dirección|ciudad|cantidad|grupo|profil|série|lot|préfixe|date de création|créé le|durée|forfait|adresse|ville|quantité|groupe|lote|prefixo|data|data de criação|criado em|pacote|duração|endereço|cidade|quantidade|" +
	"serie|charge|präfix|datum|erstellt|erstellt am|typ|tarif|paket|dauer|anschrift|straße|ort|plz|menge|anzahl|gruppe|السلسلة|البادئة|الدفعة|التاريخ|تاريخ الإنشاء|النوع|الباقة|المدة|العنوان|المدينة|الكمية|العدد|المجموعة|الملف|profil|seri|prefiks|tanggal|tanggal dibuat|dibuat|jenis|paket|durasi|alamat|kota|jumlah|grup|batas waktu|kuota"

// heading is a possible subject of a heading, with the rank of the word.
type heading struct {
	about Headings
	rank  int
}

// knownHeadings maps the key of a heading to its possible subjects. otherHeadings map to
// none.
var knownHeadings = sync.OnceValue(func() map[string][]heading { //nolint:gochecknoglobals // a table, made once
	known := map[string][]heading{}
	for about, ranks := range headingWords {
		for rank, words := range ranks {
			for word := range strings.SplitSeq(words, "|") {
				key := headingKey(word)
				if key == "" {
					key = word
				}
				if key == "" {
					continue
				}
				known[key] = append(known[key], heading{about, rank})
			}
		}
	}
	for word := range strings.SplitSeq(otherHeadings, "|") {
		if key := headingKey(word); known[key] == nil {
			known[key] = []heading{}
		}
	}
	return known
})
