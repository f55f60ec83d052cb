package tableimport

// placeholders are texts for "no value". They are compared in folded form.
const placeholders = "(empty)|empty|<empty>|[empty]|n/a|(n/a)|<n/a>|na|n.a.|n.a|n. a.|null|(null)|<null>|[null]|nil|<nil>|none|(none)|<none>|\\n|undefined|nan|#n/a|#na|#n/d|#nv|not set|(not set)|not available|unset|blank|(blank)|(leer)|leer|keine|keiner|k.a.|k. a.|" +
	"vacio|(vacio)|ninguno|ninguna|sin valor|vide|(vide)|aucun|aucune|neant|vazio|(vazio)|nenhum|nenhuma|sem valor|فارغ|(فارغ)|لا يوجد|لا شيء|غير متوفر|بدون|kosong|(kosong)|tidak ada"

// The words of total rows, and the nouns that may accompany them. One of sumWords is also
// a name; it marks a total only in a row with more empty cells than the others.
const (
	totalWords = "total|totals|grand total|grandtotal|subtotal|subtotals|sub total|sub-total|overall total|sum total|total general|total generale|totales|suma total|total general|total parcial|sous-total|sous total|total général|total partiel|totaux|total geral|total parcial|totais|gesamt|gesamtsumme|gesamtbetrag|zwischensumme|endsumme|insgesamt|summe gesamt|" +
		"المجموع|مجموع|الإجمالي|إجمالي|المجموع الكلي|الإجمالي العام|المجموع الفرعي|الإجمالي الفرعي|المجموع العام|total keseluruhan|jumlah total|jumlah keseluruhan|total akhir|subtotale"
	sumWords   = "sum|summe|suma|soma|somme|jumlah|count|summary|anzahl|cantidad|nombre|quantidade|عدد|العدد"
	totalNouns = "cards|card|vouchers|voucher|codes|code|rows|row|records|record|items|item|entries|entry|lines|line|customers|customer|users|user|tickets|ticket|pins|amount|value|price|balance|sum|count|number|of|for|all|the|in|tarjetas|tarjeta|registros|filas|cartes|carte|lignes|enregistrements|clientes|clients|cartões|linhas|karten|zeilen|datensätze|kunden|betrag|wert|" +
		"بطاقات|البطاقات|بطاقة|كروت|الكروت|صفوف|سجلات|العملاء|kartu|baris|data|pelanggan|de|des|der|du|von|del|los|las|les|dos|usd|eur|gbp|idr|brl|mxn"
	countNouns = "cards|card|vouchers|voucher|codes|rows|row|records|record|items|entries|lines|customers|users|tickets|pins|tarjetas|registros|filas|cartes|lignes|enregistrements|clientes|clients|cartões|linhas|karten|zeilen|datensätze|kunden|بطاقات|بطاقة|كروت|صفوف|سجلات|kartu|baris|pelanggan"
)
