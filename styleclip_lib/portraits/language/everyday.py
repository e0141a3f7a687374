"""Words that people use and captions do not: they are understood, and said again in the words that CLIP was trained on."""

from .vocabulary import split


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYNONYMS: dict[str, str] = {other: word for word, others in {
    "woman": "gal, lass, madam, women, wife, mother, mum, mom, sister, aunt, daughter, girlfriend, queen, princess, actress, bride, "
             "ladies, mrs",
    "man": "bloke, chap, fellow, gent, sir, men, husband, father, dad, daddy, brother, uncle, son, boyfriend, king, prince, groom, mister",
    "child": "baby, toddler, infant, children, kids, newborn, schoolchild, preschooler", "boy": "schoolboy, boys",
    "girl": "schoolgirl, girls",
    "teenager": "teen, adolescent, teens, teenage, youth", "young": "youngish, juvenile, youngest, fresh faced",
    "old": "wrinkly, ageing, aging, ancient, geriatric, wizened, grizzled, weathered, oldest, retired",
    "pensioner": "retiree, pensioners", "grandfather": "granddad, grandad, gramps, grandpas", "grandmother": "gran, nana, nan",
    "thin": "gaunt, scrawny, bony, lanky, underweight, petite, svelte, haggard, skinnier, slenderer",
    "fat": "stout, corpulent, tubby, chunky, heavyset, rotund, pudgy, podgy, portly, stocky, fleshy, plumper, chubbier, big boned",
    "pale": "pallid, pasty, ashen, white skinned, fair complexioned",
    "light skin": "porcelain skin, ivory skin, milky skin, fairer skin, lighter skin, white skin",
    "tanned": "suntanned, sun tanned, bronzed, sun kissed", "dark skin": "ebony skin, chocolate skin, darker skin",
    "dark skinned": "black skinned, dark complexioned",
    "bald": "shaved head, shave head, shave his head, shave her head, shaven headed, balding, shorn, bald pated, baldheaded",
    "short hair": "short haircut, crew cut, buzz cut, buzzcut, pixie cut, short locks, shorter hair, close cropped hair, cropped haircut",
    "long hair": "long locks, long tresses, longer hair, waist length hair, flowing locks, long mane",
    "bob": "bobbed hair, pageboy, bob style", "curls": "curl, ringlets, curled hair, curlier hair, afro hair, permed hair, coily hair",
    "mohawk": "mohican, punk hair, punk hairdo, mohawk hairdo",
    "black hair": "ebony hair, jet hair, coal black hair, inky hair, black locks, black tresses",
    "brown hair": "brunette hair, hazel hair, chocolate hair, mousy hair, brown tresses",
    "blond hair": "flaxen hair, platinum hair, sandy hair, straw hair, honey hair, blond tresses, gold hair, blonder hair, blonde tresses",
    "red hair": "coppery hair, carrot hair, russet hair, fiery hair, ginger curls",
    "grey hair": "greying hair, graying hair, salt and pepper hair, ashen hair, steel grey hair, greyer hair",
    "white hair": "whiter hair, snow hair", "pink hair": "bubblegum hair, hot pink hair", "blue hair": "sky blue hair, electric blue hair",
    "green hair": "mint hair, neon green hair", "redhead": "redheads", "blonde": "goldilocks, blondie",
    "blue eyes": "azure eyes, sapphire eyes, baby blue eyes, ice blue eyes, steel blue eyes",
    "green eyes": "jade eyes, sea green eyes", "brown eyes": "chestnut eyes, chocolate eyes, coffee eyes",
    "thick eyebrows": "shaggy eyebrows, dense eyebrows, full eyebrows, fuller eyebrows, caterpillar eyebrows, unplucked eyebrows",
    "thin eyebrows": "slim eyebrows, skinny eyebrows, pencil thin eyebrows, threaded eyebrows, sparse eyebrows",
    "brows": "brow", "eyebrows": "eyebrow", "wrinkles": "wrinkle, crow s feet", "closed": "close",
    "stubble": "bristles, scruff", "unshaven": "scruffy faced, bristly",
    "moustache": "stache, tache, tash, moustaches, mustachio, handlebar moustache, walrus moustache, pencil moustache, handlebar mustache",
    "beard": "goatee, whiskers, beard and moustache, moustache and beard, viking beard, santa beard, hipster beard, lumberjack beard, "
             "full facial hair",
    "clean shaven": "smooth shaven, freshly shaved, cleanly shaven, smoothly shaven",
    "happy": "glad, delighted, cheery, happily, happiness, joy, smiley, smirking, smiles, grins, laughs, laugh, laughter, tears of joy, "
             "smiling eyes, looks happy, jolly, merry, pleased, radiant, amused, giggling, chuckling, content, contented, "
             "thrilled, elated, "
             "blissful, ecstatic, overjoyed, jovial, gleeful, upbeat, happiest, laughingly, excited",
    "smile": "smirk, beaming smile, toothy grin, wide smile, bright smile, toothy smile, smiling expression, "
             "slight smile, faint smile, subtle smile, gentle smile, warm smile, soft smile, weak smile, wan smile, shy smile, "
             "crooked smile, lopsided smile, tight lipped smile, cheeky grin, sly smile, mona lisa smile, hint of smile, trace of smile",
    "sad": "crying, weeping, tearful, upset, sadness, sorrow, cries, teary, looks sad, mournful, heartbroken, dejected, melancholy, "
           "melancholic, glum, downcast, sobbing, grieving, cry, weep, sob, wistful, disappointed, downhearted, forlorn, morose, saddest, "
             "in tears, gloomier",
    "frown": "pout, long face", "frowning": "pouting",
    "angry": "anger, rage, irritated, irate, looks angry, cranky, grumpy, fuming, livid, outraged, infuriated, raging, hostile, fierce, "
             "snarling, bad tempered, wrathful, aggressive, indignant, angriest, enraging",
    "scowl": "glare, snarl", "scowling": "glaring",
    "surprised": "surprise, astonishment, amazement, shock, looks surprised, stunned, astounded, dumbfounded, flabbergasted, speechless, "
                 "bewildered, taken aback, awestruck, gobsmacked, agape",
    "serious": "unsmiling, stern, straight faced, composed, deadpan, impassive, poker faced, unemotional, emotionless, stoic, solemn, "
               "relaxed, placid, unmoved", "serious expression": "poker face, straight face, blank look, blank expression, stern look",
    "closed eyes": "closed eyelids, eyes shut, shut eyes, eyes closed, eyelids closed", "sleeping": "snoozing, napping, dozing, slumbering",
    "sleepy": "drowsy", "open eyes": "eyes open, eyes wide open, wide open eyes",
    "glasses": "specs, lenses, goggles, monocle, eyeglass, bifocals, horn rimmed glasses, nerd glasses, round glasses, eye glasses, "
               "prescription glasses, rimmed glasses, readers, square glasses",
    "sunglasses": "sunnies, sunglass, dark specs, aviators, ray bans, dark shades, tinted glasses, sun glasses, mirrored glasses",
    "cap": "beanie, snapback, baseball hat, trucker cap, ball cap, flat cap, visor, caps, billed cap",
    "hat": "beret, bonnet, sombrero, top hat, straw hat, cowboy hat, sun hat, headgear, panama, stetson, bowler, bowler hat, trilby, "
           "sunhat, felt hat, wide brim hat, hats",
    "makeup": "lippy, mascara, eyeliner, blusher, rouge, eyeshadow, lip gloss, lipgloss, lip stick, lipsticks, red lipstick, "
             "pink lipstick, "
              "dark lipstick, bright lipstick", "red lips": "", "painted lips": "red lips, pink lips, coloured lips, glossy lips",
    "earrings": "earring, hoops, ear studs, hoop earrings, gold hoops, golden earrings, drop earrings, dangly earrings, ear hoops, "
                "ear pendants",
    "looking left": "looking leftwards, looking leftward, peering left, facing leftwards, glancing left",
    "looking right": "looking rightwards, looking rightward, peering right, facing rightwards, glancing right",
    "looking ahead": "looking forward, looking forwards, facing ahead, facing us, facing front, looking straight, front facing",
    "looking up": "looking upwards, looking skyward, gazing skyward, gazing upwards, glancing up",
    "looking down": "looking downwards, looking at the ground, gazing downwards, glancing down",
    "lit from the left": "left light, light from left, lit from left", "lit from the right": "right light, light from right, "
             "lit from right",
    "background": "backcloth, backgrounds", "clothes": "attire, apparel, garments, outfit, garment, clothed",
    "sweater": "jumper, pullover, jersey, hoodie, cardigan, turtleneck", "shirt": "blouse, tee, tshirt, polo, polo shirt, shirts",
    "red": "scarlet, crimson, ruby", "blue": "navy, azure, cobalt, indigo, sky blue, navy blue", "green": "emerald, lime, "
             "olive green, mint",
    "yellow": "lemon, mustard", "orange": "tangerine, apricot", "purple": "lilac, lavender, mauve", "pink": "magenta, fuchsia, "
             "rosy, hot pink",
    "white": "ivory, snowy white", "grey": "silvery, slate",
    **{f"dressed in {color}": f"clothed in {color}, clad in {color}"
       for color in ("red", "blue", "green", "yellow", "black", "white", "purple", "orange")},
    "pencil sketch": "pencil scribble, scribble", "black and white": "b w, bw, greyscale, grayscale, grey scale, gray scale",
    "comic style": "comic book style", "pixel art": "pixelated, pixellated", "sepia": "sepia tone, sepia toned", "snow": "snowing",
    "oil painting": "oil painted", "watercolor": "water colour, water color, water colours, water colors",
    "without": "no longer wearing, no longer with, takes off, take off, taking off, get rid of, rid of, instead of, rather than, free of, "
               "lack of, absence of, devoid of, cut off, leave out, leaving out, taken off",
    "not": "no longer",
}.items() for other in split(others) if other}
"""Other words -> a word or phrase of the captions, for which they stand."""

_PAINTED = {"lips": "painted lips", "lipstick": "lipstick", "eyeshadow": "eye shadow", "eye shadow": "eye shadow"}
_PAINTS = "red, bright red, dark red, pink, purple, blue, green, black, brown, orange, dark, bright, coloured, colored"
SYNONYMS |= dict.fromkeys(split("jacket, blazer, coat, suit, sweatshirt"), "shirt") | dict.fromkeys(split("dress, gown"), "clothes")
SYNONYMS |= dict.fromkeys(split("dressed all in, all dressed in, all in"), "dressed in")
SYNONYMS |= {f"{color} {thing}": word for thing, word in _PAINTED.items() for color in split(_PAINTS)}

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
    super totally completely slightly somewhat fairly truly bright full photo picture image version and a an the with plus or nor but sign
    selfie portrait headshot human being individual character way same plz pls wanna gonna gimme lemme u ur ever whatsoever""")
"""Words that say nothing of how a face looks, or too little to matter."""

NEGATORS = _words("no not without never none nor neither non lacking lacks minus sans less hardly")
"""They deny what comes next."""

REMOVERS = _words("""
    remove removes removing removed delete drop lose loses losing erase hide stop stops avoid ditch shave shaves off gone missing
    absent away free omit omitting exclude excluding eliminate discard""")
"""They take away what comes next or, where nothing does, what came before: "remove the hat", "take the hat off"."""

LISTING = _words("""
    without remove removes removing removed delete drop lose loses losing erase hide avoid ditch shave shaves lacking minus sans omit
    omitting exclude excluding eliminate discard""")
"""After these "and" goes on denying: "without a hat and glasses" has neither."""

EMOJI = {"\U0001f603": "smiling", "\U0001f604": "smiling", "\U0001f606": "laughing", "\U0001f923": "laughing", "\U0001f62d": "crying",
         "\U0001f621": "angry", "\U0001f64e": "angry", "\u274c": "no", "\U0001f6ab": "no", "\u26d4": "no", "\U0001f9e2": "cap"}
"""Emoji whose names in Unicode are others than what people mean."""

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
