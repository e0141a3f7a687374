"""Words that people use and captions do not: they are understood, and said again in the words that CLIP was trained on."""

from .vocabulary import split


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYNONYMS: dict[str, str] = {other: word for word, others in {
    "glasses": "specs, lenses, goggles, monocle, eyeglass", "sunglasses": "sunnies, sunglass, dark specs",
    "moustache": "stache, tache, tash, moustaches, mustachio", "beard": "goatee, whiskers, beard and moustache, moustache and beard",
    "man": "bloke, chap, fellow, gent, sir, men", "woman": "gal, lass, madam, women", "child": "baby, toddler, infant, children",
    "teenager": "teen, adolescent", "cap": "beanie", "hat": "beret, bonnet, sombrero, top hat, straw hat, cowboy hat, sun hat, headgear",
    "makeup": "lippy, mascara, eyeliner, blusher, rouge", "red lips": "", "painted lips": "red lips, pink lips, coloured lips",
    "sad": "crying, weeping, tearful, upset, sadness, sorrow, cries, teary, looks sad",
    "happy": "glad, delighted, cheery, happily, happiness, joy, smiley, smirking, smiles, grins, laughs, laugh, laughter, tears of joy, "
             "smiling eyes, looks happy",
    "smile": "smirk", "angry": "anger, rage, irritated, irate, looks angry",
    "surprised": "surprise, astonishment, amazement, shock, looks surprised",
    "old": "wrinkly, ageing, aging", "closed eyes": "closed eyelids, eyes shut, shut eyes", "curls": "curl",
    "brows": "brow", "closed": "close",
    "eyebrows": "eyebrow", "wrinkles": "wrinkle",
    "earrings": "earring, hoops",
    "short hair": "short haircut", "bald": "shaved head, shave head, shave his head, shave her head",
    "without": "no longer wearing, no longer with, takes off, take off, taking off, get rid of, rid of, instead of, rather than, free of",
    "serious": "unsmiling, stern, straight faced", "not": "no longer",
}.items() for other in split(others) if other}
"""Other words -> a word of the captions, for which they stand."""

FILLERS = _words("""
    please kindly just now then also too again maybe perhaps really actually simply only still both so i we you me us he she it
    they him her his hers its their them my your our himself herself themselves want wants would like love need needs should could
    can will shall must may might let lets try do does did make makes making made give gives giving add adding put puts get gets
    got have has having turn turns change changes set show shows draw create generate edit transform convert imagine see become
    becomes becoming look looks looking seem seems appear grow grows growing dye dyed paint coloured colored color colour keep
    keeps wear wears wearing start starts take takes taking cut be is are was were am being been s re ve ll m d into to on onto in
    at of for from by as up over out around some any few lot lots bit little much more most this that these those there here which
    who whose what how one ones someone somebody something person guys hello hey hi ok okay thanks thank yes big small large tiny
    huge nice pretty beautiful lovely cute cool handsome attractive kind friendly proper loud fancy stylish very quite extremely rather
    super totally completely slightly bright full photo picture image version and a an the with plus or nor but sign selfie
    portrait headshot human being individual character""")
"""Words that say nothing of how a face looks, or too little to matter."""

NEGATORS = _words("no not without never none nor neither non lacking lacks minus sans less hardly")
"""They deny what comes next."""

REMOVERS = _words("""
    remove removes removing removed delete drop lose loses losing erase hide stop stops avoid ditch shave shaves off gone missing
    absent away free""")
"""They take away what comes next or, where nothing does, what came before: "remove the hat", "take the hat off"."""

LISTING = _words("""
    without remove removes removing removed delete drop lose loses losing erase hide avoid ditch shave shaves lacking minus sans""")
"""After these "and" goes on denying: "without a hat and glasses" has neither."""

ATTRIBUTIVE: dict[str, tuple[str, ...]] = {
    "hair": ("hair_style", "hair_color"), "eyes": ("eyes", "eye_color"), "eyebrows": ("brows",), "brows": ("brows",),
    "skin": ("skin_tone",),
    "background": ("background",), "shirt": ("clothes",), "clothes": ("clothes",), "sweater": ("clothes",), "cheeks": ("weight",),
    "head": (),
    "face": (),
}
"""Nouns that an adjective may stand after or far from ("her hair is long and blue"), and the attributes that it may be of."""

ASKING = _words("is are does has was were what who why how when where")
"""Words that a question begins with; "can you ...?" is a request."""

OPPOSITES: dict[tuple[str, str], str] = {
    ("gender", "woman"): "man", ("gender", "man"): "woman", ("age", "young"): "old", ("age", "old"): "young",
    ("weight", "thin"): "fat", ("weight", "fat"): "thin", ("hair_style", "long"): "short", ("hair_style", "short"): "long",
    ("brows", "thin"): "thick", ("brows", "thick"): "thin", ("eyes", "open"): "closed", ("eyes", "closed"): "open",
    ("expression", "smile"): "neutral", ("expression", "sad"): "neutral", ("expression", "angry"): "neutral",
    ("expression", "surprised"): "neutral", ("glasses", "glasses"): "none", ("glasses", "sunglasses"): "none",
    ("headwear", "hat"): "none", ("headwear", "cap"): "none", ("facial_hair", "beard"): "none", ("facial_hair", "moustache"): "none",
    ("facial_hair", "stubble"): "none", ("makeup", "makeup"): "none", ("earrings", "earrings"): "none", ("glasses", "none"): "glasses",
    ("headwear", "none"): "hat", ("facial_hair", "none"): "beard", ("makeup", "none"): "makeup", ("earrings", "none"): "earrings",
    ("yaw", "left"): "ahead", ("yaw", "right"): "ahead", ("face_size", "small"): "large", ("face_size", "large"): "small",
}
"""What a text means that denies an attribute value. Of a value that is not here, as in "not blond", nobody can tell what is meant."""

TOGETHER: dict[tuple[str, frozenset[str]], str] = {
    ("age", frozenset({"young", "child"})): "child", ("facial_hair", frozenset({"beard", "moustache"})): "beard",
    ("facial_hair", frozenset({"beard", "stubble"})): "beard", ("hair_style", frozenset({"long", "curly"})): "curly",
    ("hair_style", frozenset({"short", "curly"})): "curly", ("facial_hair", frozenset({"moustache", "stubble"})): "moustache",
}
"""Two values of one attribute that people say together, and the one that comes near."""
