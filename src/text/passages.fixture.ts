/** Test input only: passages of a few lines, and the encodings in which people keep such text. */
export interface Passage {
  readonly language: string
  readonly encodings: readonly string[]
  readonly text: string
}

export const PASSAGES: readonly Passage[] = [
  {
    language: 'zh',
    encodings: ['gb18030'],
    text: `那天早上下着小雨，我们坐在窗前喝茶，谁也没有说话。
后来他站起来，看了看外面的路，说时间已经不早了，应该走了。
我不知道为什么，心里忽然觉得很难过，好像以后再也见不到他了。
城里的人都说，这条河以前比现在宽得多，河边还有很多大树和小船。`,
  },
  {
    language: 'zh',
    encodings: ['big5'],
    text: `那天早上下著小雨，我們坐在窗前喝茶，誰也沒有說話。
後來他站起來，看了看外面的路，說時間已經不早了，應該走了。
我不知道為什麼，心裡忽然覺得很難過，好像以後再也見不到他了。
城裡的人都說，這條河以前比現在寬得多，河邊還有很多大樹和小船。`,
  },
  {
    language: 'ko',
    encodings: ['euc-kr'],
    text: `그날 아침에는 비가 조금 내렸고 우리는 창가에 앉아 차를 마셨다.
그는 자리에서 일어나 밖을 바라보더니 이제 가야 할 시간이라고 말했다.
나는 왜 그런지 모르지만 마음이 무척 슬펐다. 다시는 만나지 못할 것 같았다.
마을 사람들은 이 강이 옛날에는 지금보다 훨씬 넓었다고 한다.`,
  },
  {
    language: 'ja',
    encodings: ['shift_jis', 'euc-jp'],
    text: `その朝は小雨が降っていて、私たちは窓辺に座ってお茶を飲んだ。
彼は立ち上がって外の道を眺め、もう行かなければならないと言った。
なぜだか分からないが、急に悲しくなった。
町の人の話では、この川は昔は今よりずっと広かったそうだ。`,
  },
  {
    language: 'ru',
    encodings: ['windows-1251', 'koi8-r', 'iso-8859-5', 'ibm866'],
    text: `В то утро шёл мелкий дождь, мы сидели у окна и пили чай.
Потом он встал, посмотрел на дорогу и сказал, что уже поздно и пора идти.
Я не знаю почему, но мне вдруг стало очень грустно.
В городе говорили, что раньше эта река была гораздо шире, а на берегу росли большие деревья.`,
  },
  {
    language: 'uk',
    encodings: ['windows-1251', 'koi8-u'],
    text: `Того ранку йшов дрібний дощ, ми сиділи біля вікна і пили чай.
Потім він підвівся, подивився на дорогу і сказав, що вже пізно.
Я не знаю чому, але мені раптом стало дуже сумно.
У місті казали, що колись ця річка була набагато ширша.`,
  },
  {
    language: 'bg',
    encodings: ['windows-1251'],
    text: `Тази сутрин валеше дребен дъжд, ние седяхме до прозореца и пиехме чай.
После той стана, погледна към пътя и каза, че вече е късно.
Не зная защо, но изведнъж ми стана много тъжно.
В града казваха, че някога тази река била много по-широка.`,
  },
  {
    language: 'el',
    encodings: ['windows-1253', 'iso-8859-7'],
    text: `Εκείνο το πρωί έβρεχε λίγο και καθόμασταν στο παράθυρο πίνοντας τσάι.
Ύστερα σηκώθηκε, κοίταξε τον δρόμο και είπε πως ήταν πια αργά.
Δεν ξέρω γιατί, αλλά ξαφνικά ένιωσα μεγάλη λύπη.
Στην πόλη έλεγαν πως κάποτε το ποτάμι ήταν πολύ πιο πλατύ.`,
  },
  {
    language: 'he',
    encodings: ['windows-1255', 'iso-8859-8'],
    text: `באותו בוקר ירד גשם קל, וישבנו ליד החלון ושתינו תה.
אחר כך הוא קם, הביט אל הדרך ואמר שכבר מאוחר וצריך ללכת.
אינני יודע למה, אבל פתאום נעשיתי עצוב מאוד.
בעיר סיפרו שפעם היה הנהר הזה רחב הרבה יותר.`,
  },
  {
    language: 'ar',
    encodings: ['windows-1256', 'iso-8859-6'],
    text: `في ذلك الصباح كان المطر يهطل قليلا، وجلسنا عند النافذة نشرب الشاي.
ثم قام ونظر إلى الطريق وقال إن الوقت قد تأخر ويجب أن نذهب.
لا أعرف لماذا شعرت فجأة بحزن كبير.
وكان أهل المدينة يقولون إن هذا النهر كان أوسع بكثير من قبل.`,
  },
  {
    language: 'th',
    encodings: ['windows-874'],
    text: `เช้าวันนั้นฝนตกเล็กน้อย เรานั่งดื่มชาอยู่ริมหน้าต่าง
แล้วเขาก็ลุกขึ้นมองไปที่ถนนและบอกว่าสายแล้วต้องไปแล้ว
ฉันไม่รู้ว่าทำไมจึงรู้สึกเศร้ามาก
คนในเมืองบอกว่าเมื่อก่อนแม่น้ำสายนี้กว้างกว่าเดี๋ยวนี้มาก`,
  },
  {
    language: 'tr',
    encodings: ['windows-1254'],
    text: `O sabah hafif bir yağmur yağıyordu, pencerenin önünde oturup çay içtik.
Sonra ayağa kalktı, yola baktı ve artık geç olduğunu söyledi.
Neden bilmiyorum ama birden çok üzüldüm.
Şehirde bu ırmağın eskiden çok daha geniş olduğu söylenirdi.`,
  },
  {
    language: 'pl',
    encodings: ['windows-1250', 'iso-8859-2'],
    text: `Tego ranka padał drobny deszcz, siedzieliśmy przy oknie i piliśmy herbatę.
Potem wstał, spojrzał na drogę i powiedział, że jest już późno.
Nie wiem dlaczego, ale nagle zrobiło mi się bardzo smutno.
W mieście mówiono, że kiedyś ta rzeka była o wiele szersza.`,
  },
  {
    language: 'cs',
    encodings: ['windows-1250', 'iso-8859-2'],
    text: `To ráno drobně pršelo, seděli jsme u okna a pili čaj.
Pak vstal, podíval se na cestu a řekl, že už je pozdě a že musíme jít.
Nevím proč, ale najednou mi bylo velmi smutno.
Ve městě se říkalo, že tahle řeka bývala kdysi mnohem širší.`,
  },
  {
    language: 'hu',
    encodings: ['windows-1250', 'iso-8859-2'],
    text: `Azon a reggelen szitált az eső, az ablaknál ültünk és teát ittunk.
Aztán felállt, kinézett az útra, és azt mondta, hogy már késő van.
Nem tudom, miért, de hirtelen nagyon szomorú lettem.
A városban azt mesélték, hogy ez a folyó régen sokkal szélesebb volt, és nagy fák nőttek mellette.`,
  },
  {
    language: 'fr',
    encodings: ['windows-1252'],
    text: `Ce matin-là il pleuvait un peu, nous étions assis près de la fenêtre à boire du thé.
Puis il se leva, regarda la route et déclara qu'il était déjà tard.
Je ne sais pas pourquoi, mais je me sentis soudain très triste.
On disait en ville que cette rivière était jadis beaucoup plus large, bordée d'arbres et de bateaux légers.`,
  },
  {
    language: 'de',
    encodings: ['windows-1252'],
    text: `An jenem Morgen regnete es ein wenig, wir saßen am Fenster und tranken Tee.
Dann stand er auf, schaute über die Straße und sagte, es sei schon spät.
Ich weiß nicht, warum, aber plötzlich wurde ich sehr traurig.
In der Stadt erzählte man, der Fluss sei früher viel breiter gewesen und habe große Bäume am Ufer gehabt.`,
  },
  {
    language: 'es',
    encodings: ['windows-1252'],
    text: `Aquella mañana llovía un poco y estábamos sentados junto a la ventana tomando té.
Después se levantó, miró el camino y dijo que ya era tarde.
No sé por qué, pero de pronto sentí una gran tristeza.
En la ciudad decían que este río había sido mucho más ancho.`,
  },
  {
    language: 'sv',
    encodings: ['windows-1252'],
    text: `Den morgonen regnade det lite, vi satt vid fönstret och drack te.
Sedan reste han sig, såg ut på vägen och sade att det redan var sent.
Jag vet inte varför, men plötsligt blev jag mycket ledsen.
I staden sade man att ån förr hade varit mycket bredare.`,
  },
  {
    language: 'lt',
    encodings: ['windows-1257'],
    text: `Tą rytą lijo smulkus lietus, mes sėdėjome prie lango ir gėrėme arbatą.
Paskui jis atsistojo, pažiūrėjo į kelią ir pasakė, kad jau vėlu.
Nežinau kodėl, bet staiga man pasidarė labai liūdna.
Mieste sakydavo, kad ši upė kadaise buvo daug platesnė.`,
  },
]
