"""Words that carry the frame of a sentence, by language: what is left of a short post when its names are gone.

Articles, pronouns, prepositions, auxiliaries and the particles of talk on social media, written down from knowledge of
the languages, not taken from any labelled data. A word that several languages use counts for each of them in part.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

ROMANISED_HINDI = "hi-Latn"

_WORDS = {
    "cs": """
        že ale jak jako jsem jsi jsme jste jsou byl byla bylo byli být není nebo když kde kdo proč protože ještě už jen
        taky také tak tady tohle tento tato toto který která které mám máš máme mít bude budu budeme pro při před přes
        až asi ani co dnes díky jo moc něco nic ne nejsem prosím tebe tobě ti mi mě se si v ve z ze na od po pod do
    """,
    "da": """
        jeg ikke og det er en et den de der som på til med af for har havde var vil kan skal må hvad hvor hvem hvorfor
        hvis når også men eller efter fra mig dig ham hende os jer dem mit din sin sig selv noget nogen meget mere lige
    """,
    "de": """
        ich du er sie es wir ihr mich dich mir dir ihm ihn uns euch mein meine meinen meiner dein deine sein seine der
        die das den dem des ein eine einen einem einer und oder aber nicht kein keine ist sind bin bist war waren wird
        werden wurde hat habe haben hatte kann muss soll will wie wo wer wenn weil dass daß ob auch noch nur schon mal
        doch ja nein mit von vom zu zum zur bei beim für auf aus an am im in nach über unter vor durch gegen ohne bis
        hier da jetzt heute morgen immer wieder mehr sehr so als dann denn gut danke bitte ganz alle alles man nichts
        etwas hab gibt geht ey na nee nö ab hi kommt sagt krass geil viel was wäre würde würd
    """,
    "en": """
        the a an and or but not is are was were be been being am do does did have has had will would can could should
        may might must i you he she it we they me him her us them my your his its our their this that these those what
        which who whom when where why how in on at by for with about from to of into over after before between out up
        down off than then there here just so if because as while no yes all any some more most very too also only own
        same such now new get got go going know like love good think want need one don t im dont ur u s re ll ve lol
        please thanks thank hi hey today tonight tomorrow yesterday back again never always really still make made way
        tho tha ya
    """,
    "es": """
        el la los las un una unos unas y o pero no ni que de del al a en con sin por para como cuando donde quien cual
        porque si es son era fue ser está están estoy estás esta este esto estos estas ese esa eso hay tiene tengo
        tienes hace muy más menos ya también todo toda todos todas nada algo mi mis tu tus su sus me te se le les lo nos
        yo él ella ellos nosotros usted ustedes qué cómo cuándo dónde quién hoy mañana ayer ahora siempre nunca aquí ahí
        hasta desde entre sobre gracias bien mejor eres soy somos ha he han había jaja jajaja jajajaja xd q tmb xq pq
        vamos quiero puede hola buenas buenos día noche así solo sólo otro otra uno dos
    """,
    "et": "ja ei on see ma sa ta me te nad mis kes kus kui aga või ka ning oma olen oled oli olid pole seda selle siis",
    "fi": """
        ja ei on se että ne hän minä sinä me te he mutta tai kun jos niin kuin myös vain nyt mitä mikä missä kuka miksi
        olen olet ole oli olla en et minun sinun mun sun joka jotka sitten vielä jo kaikki hyvä kiitos tämä tuo
    """,
    "fr": """
        le la les l un une des du de d et ou mais pas ne n que qu qui quoi dont où est sont suis es était sera être ai
        as a ont avez avons avoir je j tu il elle on nous vous ils elles me m te t se s lui leur leurs mon ma mes ton ta
        tes son sa ses notre nos votre vos ce c cet cette ces ça cela dans en sur sous avec sans pour par vers chez
        entre comme quand comment pourquoi parce si très plus moins aussi bien même tout tous toute toutes rien jamais
        toujours encore déjà ici là aujourd hui demain hier merci oui non aux au fait faire va vais trop mdr ptn hein
        ouais
    """,
    "hi-Latn": """
        hai hain hy hei haii hu hoon hun hoo tha thi thay ho hoga hogi honge hota hoti hote hona hone hua hui huwa huye
        raha rahi rahe rha rhi rhe rahega rahegi rahenge raho kar kr karo kro karna karne karta karti karte karke krke
        krna krne krta krti krte karega karegi karenge karunga krunga kare kiya kia kiye karao karwa gaya gayi gaye gya
        gyi gye gai jata jati jate jana jane jao jaa jayega jayegi jaye jayenge jaega aaya aya aayi aaye aye aao aana
        aane aata aati aate ata ati aayega aayegi diya dia diye dena dene deta deti dete dega degi denge dedo dijiye
        liya lia liye lena lene leta leti lete lo lega lekar wala wali wale waala waale vala vale sakta sakti sakte skta
        skti skte chahiye chahie chaiye chahta chahte lagta lagti lagte laga lagi lage lag milta milti mila mili milega
        milegi bola bole bolo bolta bolte bolna kaha kehna kehte kehta kehti kahta kahte dekho dekha dekhna dekhne dekh
        dekhte suno suna sunna samajh samjho samjha socho soch pata pta maloom jaanta jante janta bata batao btao bataya
        rakho rakha rakhna nahi nahin nhi nhin nai nahii nehi ni na mat kya kyaa kyun kyu kyon kyunki kyuki kyonki kiyu
        kiu kiyun kaise kese kaisa kaisi kab kahan kidhar kaun kon kisko kisi kisne kiska kiski kiske kitna kitni kitne
        kuch kuchh koi koee sab sabse sabko sabhi mein mai mei mujhe mujhko muje mjhe mera meri mere maine mene hum
        humko hame hamein humein hamara hamari hamare humara humari humare hamne humne tu tum tumhe tumko tumhara
        tumhari tumhare tumne tera teri tere tujhe tuje aap aapko apko aapka apka aapki apki aapke apke aapne apne apna
        apni khud yeh ye yah woh wo vo voh isko usko iska iski iske uska uski uske isne usne inka inki inke unka unki
        unke unko inko unhe inhe unhone jo jis jiska jiske jisko ka ki ke ko se par pe tak bhi bi hi toh tho aur ya agar
        lekin magar phir fir jab tab ab abhi abi kabhi kbhi isliye islie warna varna jaise jese waise vaise aisa aise
        aisi waha wahan yaha yahan yahi wahi idhar udhar bahar upar niche baad pehle phle saath sath bina sirf bas bahut
        bohot bahot bhot bht boht bahoot bohat zyada jyada jada thoda thodi itna itni itne utna matlab mtlb accha acha
        achha achi acchi ache acche achhe bura buri bure sahi galat bilkul zaroor jaroor shayad haan han haa ji jee bhai
        bhaiya bhaijan bhaiyo yaar yar yaaro dost dosto beta baap behen bahan logon banda bandi ladka ladki ladke bacha
        bache bachcha baat baatein kaam kam paisa paise ghar desh duniya zindagi jindagi pyar pyaar dil raat din aaj aj
        kal parso saal waqt vakt dhanyavad shukriya namaste arre arey abe abbe oye chal chalo chalta chalti chale
        chalega mast ek char sala saala salo saale kutta kutte
    """,
    "hr": """
        i je nije da ne se sam si smo ste su bio bila bilo biti će ću što šta koji koja koje kako gdje kad kada zašto
        ali ili jer samo još već ovo ono taj ova za na od do iz sa kod pri moj moja tvoj svi sve ništa nešto hvala
    """,
    "hu": """
        a az és hogy nem is egy van volt lesz meg ha de mint csak már még ez azt ezt aki ami mert vagy én te ő mi ti
        nagyon minden most itt ott ki mit hol miért kell jó köszönöm igen nincs
    """,
    "id": """
        yang dan di ke dari ini itu untuk dengan tidak ada akan pada juga saya aku kamu kita kami dia mereka anda sudah
        belum bisa harus atau tapi kalau karena seperti jadi lagi masih hanya lebih apa siapa kapan mana kenapa gimana
        bagaimana banyak semua sama oleh dalam para nya gak ga nggak enggak ngga tak udah udh aja saja sih deh dong kok
        nih tuh banget lah kan yg dgn utk krn tdk jgn jangan gue gw lo lu elo gua kak bang mau pengen biar buat bikin
        pas terus trus makasih terima kasih selamat kab pagi malam hari orang bukan selalu dulu
    """,
    "it": """
        il lo la gli i le un uno una e o ma non che di del dello della dei degli delle a al allo alla ai agli alle da
        dal dalla dai in nel nella nei con su sul sulla per tra fra come quando dove chi perché perchè se è sono sei era
        siamo siete essere ho hai ha abbiamo hanno aveva mi ti ci vi si ne mio mia miei tuo tua suo sua nostro questo
        questa questi queste quello quella quelli più meno anche già ancora sempre mai tutto tutti tutta tutte niente
        nulla molto poco bene grazie oggi domani ieri ora adesso qui io tu lui lei noi voi loro cosa solo poi cioè ciao
        sì fatto fare xké nn cmq
    """,
    "lt": "ir yra ne kad bet ar tai aš tu jis ji mes jie kaip kas kur kai su iš į už nuo per prie tik dar jau labai",
    "lv": "un ir nav ka bet vai tas es tu viņš viņa mēs jūs kā kas kur kad ar no uz par pie tikai vēl jau ļoti",
    "ms": """
        yang dan di ke dari ini itu untuk dengan tidak ada akan pada juga saya awak kita kami dia mereka sudah dah belum
        boleh atau tetapi kalau kerana macam jadi lagi masih hanya apa siapa bila mana kenapa tak nak je aku kau korang
    """,
    "nl": """
        de het een en of maar niet geen is zijn was waren ben bent word wordt werd heb hebt heeft had hebben kan moet
        mag wil zal ik jij je hij zij ze wij we jullie hun mij me jou hem haar ons mijn jouw dit dat deze die wat wie
        waar wanneer waarom hoe als dan ook nog al er hier daar nu van voor met op aan in uit bij naar over onder tot om
        te door tegen zonder heel erg veel meer wel toch gewoon even echt weer altijd nooit iets niets alles lekker leuk
        gezellig vandaag morgen dankjewel bedankt ff eens gaan gaat haha hoor zo
    """,
    "no": """
        jeg ikke og det er en et ei den de der som på til med av for har hadde var vil kan skal må hva hvor hvem hvorfor
        hvis når også men eller etter fra meg deg ham henne oss dere dem min din sin seg selv noe noen mye mer bare
    """,
    "pl": """
        i w z na do nie to się że jest jestem jesteś są był była było być będzie ale lub czy jak co kto gdzie kiedy
        dlaczego bo bardzo tylko już jeszcze też także tak tu tam ten ta te tego tej tym który która które mam masz ma
        mamy mnie ciebie mi ci go jej ich mój moja twój swój dla od po pod przez przed przy za o u dziś dzisiaj jutro
        wszystko nic coś ktoś proszę dziękuję dzięki no
    """,
    "pt": """
        o a os as um uma uns umas e ou mas não nao nem que de do da dos das em no na nos nas num numa com sem por pelo
        pela para pra pro como quando onde quem qual porque se é são era foi ser está estão estou tá to ta esta este
        isto isso esse essa aquele aquela há tem tenho têm ter muito muita mais menos já também tb tudo todo toda todos
        todas nada algo meu minha meus minhas teu tua seu sua seus suas me te lhe eu você vc vcs voce ele ela eles elas
        nós gente hoje amanhã ontem agora sempre nunca aqui aí lá até desde entre sobre obrigado obrigada bem melhor né
        ne q pq hj blz vlw kk kkk kkkk kkkkk kkkkkk kkkkkkk kkkkkkkk rs rsrs mano cara nossa poxa eita oxe porra caralho
        pqp hein vai vou vamos bora ver fazer só ao aos à às bom boa dia noite
    """,
    "ro": """
        și si nu este sunt e am ai are avem au că sa să de la în in din pe cu pentru prin după ce cine unde când cum dar
        sau mai foarte doar acum aici acest această mea meu tău lui ei lor mă te se îmi îți mulțumesc bine
    """,
    "sk": """
        že ale ako som si sme ste sú bol bola bolo byť nie alebo keď kde kto prečo pretože ešte už len aj tiež tak tu
        tento táto toto ktorý ktorá ktoré mám máš máme bude budem pre pri pred cez čo dnes
    """,
    "sl": """
        in je ni da ne se sem si smo ste so bil bila bilo kaj kdo kje kako zakaj ker ali pa tudi samo še že za na od
    """,
    "sq": "dhe është nuk që në me për nga një jam je janë kam ka por ose si çfarë ku kur pse shumë vetëm edhe",
    "sv": """
        jag inte och det är en ett den de som på till med av för har hade var vill kan ska måste vad hur vem varför om
        när också men eller efter från mig dig honom henne oss er dem min mitt din sin sig själv något någon mycket mer
        bara lite nu här där då så alla allt sen sedan nej tack bra idag imorgon igår väl ju
    """,
    "tl": """
        ang ng mga sa na ay at ako ikaw siya kami tayo kayo sila ko mo niya namin natin ninyo nila akin iyo kanya ito
        iyan yan yun yung iyon dito diyan doon hindi di wala may meron mayroon ba po opo oo nga naman lang pa pala din
        rin daw raw kasi pero kung kapag pag para dahil nang ano sino saan kailan bakit paano gusto ayaw sana talaga
        lahat mahal kita salamat ngayon bukas kahapon kahit pang kay si ni sina nung nyo sya
    """,
    "tr": """
        ve bir bu şu o ben sen biz siz onlar de da mi mı mu mü ne nasıl neden niye kim nerede için ile gibi ama veya ya
        çok daha en var yok değil evet hayır olan oldu olarak olsun bana sana ona bizim benim senin şey her hiç artık
        şimdi bugün yarın sonra önce kadar ki diye hep lan abi yani kar iyi güzel teşekkürler
    """,
    "vi": """
        là và của có không được cho trong với này đó một những các người tôi bạn anh em chị mình nó họ đã đang sẽ rồi
        thì mà nhưng hay hoặc vì nếu khi ở từ đến ra vào lên cũng như rất lắm quá đi gì ai đâu sao thế nào ơi nhé à ạ
    """,
}

_WORD = re.compile(r"[^\W\d_]+")
_STRETCHED = re.compile(r"\b(\w)\1+\b|([^\W\d_])\2{2,}")


def known_words(words: Iterable[str], languages: frozenset[str]) -> Mapping[str, float]:
    """Return how many of the words each of the languages uses; a word that several use is shared between them."""
    table = _languages_by_word(languages)
    weights: dict[str, float] = defaultdict(float)
    for word in words:
        for language, weight in table.get(word, ()):
            weights[language] += weight
    return weights


def function_words(words: Iterable[str], languages: frozenset[str]) -> set[str]:
    """Return those of the words, as they are written, that are function words of any of the languages."""
    table = _languages_by_word(languages)
    return {word for word in words if len(word) > 1 and word in table}


def is_function_word(word: str, language: str) -> bool:
    """Tell whether a word in lower case is a function word of a language, or of English, which is everywhere."""
    return word in _of_language(language if language in _WORDS else language.partition("-")[0])


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.lower())


def without_stretching(text: str) -> str:
    """Return "soooo" as "so", but "kkkk", a laugh of one letter, as it is: it is one of some languages only."""
    return _STRETCHED.sub(lambda found: found[2] or found[0], text)


@cache
def _of_language(language: str) -> frozenset[str]:
    return frozenset(f"{_WORDS.get(language, '')} {_WORDS['en']}".split())


@cache
def _languages_by_word(languages: frozenset[str]) -> Mapping[str, tuple[tuple[str, float], ...]]:
    users: dict[str, list[str]] = defaultdict(list)
    for language, words in _WORDS.items():
        if language in languages:
            for word in set(words.split()):
                users[word].append(language)
    return {word: tuple((each, _weight(word) / len(using)) for each in using) for word, using in users.items()}


def _weight(word: str) -> float:
    return 0.5 if len(word) == 1 else 1.0  # a single letter is an initial or an hour as well
