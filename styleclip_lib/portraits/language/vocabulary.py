"""The phrases for every attribute value.

They are grouped by their place in a caption:

    before    an adjective before the noun                 "a {smiling} face", "a person who is {smiling}"
    noun      the noun itself                              "a {woman} with glasses"
    having    after "with" or "who has"                    "a face with {a beard}"
    wearing   as `having`, and also after "wearing"        "a man wearing {glasses}"
    after     directly after the noun                      "a face {looking left}", "a man {without glasses}"
"""

import re
from dataclasses import dataclass

PLACES = ("before", "noun", "having", "wearing", "after")


@dataclass(frozen=True)
class Words:
    """The phrases for one value, by their place in a caption."""

    before: tuple[str, ...] = ()
    noun: tuple[str, ...] = ()
    having: tuple[str, ...] = ()
    wearing: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def items(self):
        """(place, phrase) for every phrase."""
        return [(place, phrase) for place in PLACES for phrase in getattr(self, place)]


def split(text: str) -> tuple[str, ...]:
    """The phrases of a comma-separated list, without line breaks."""
    return tuple(" ".join(phrase.split()) for phrase in text.split(",") if phrase.strip())


def with_article(text: str) -> str:
    """Corrects the articles: "a orange top" becomes "an orange top"."""
    return re.sub(r"\ba (?=[aeio])", "an ", text)


def _words(before="", noun="", having="", wearing="", after=""):
    return Words(split(before), split(noun), split(having), split(wearing), split(after))


def _fill(patterns, names):
    """Every pattern with its X replaced by every name, as a comma-separated list."""
    return ",".join(with_article(pattern.replace("X", name)) for pattern in split(patterns) for name in split(names))


def _hair_color(names, wig="", **more):
    before = _fill("X haired, X hair", names) + "," + more.get("before", "")
    name = names.split(",")[0]
    having = _fill("X hair", names) + "," + more.get("having", "") + _fill("X hair color, hair that is X", name)
    return _words(before, more.get("noun", ""), having, _fill("a X wig", wig or name), _fill("whose hair is X", name))


def _eye_color(name, having=""):
    return _words(before=f"{name} eyed", having=f"{name} eyes, {name} eye color, {name} irises, {having}",
                  after=f"whose eyes are {name}")


def _background(names):
    return _words(having=_fill("a X background, a X backdrop", names),
                  after=_fill("on a X background, in front of a X background, in front of a X wall,"
                              "against a X background, against a X backdrop, against a X wall", names))


def _clothes(names):
    return _words(having=_fill("X clothes, a X shirt, X clothing", names),
                  wearing=_fill("X clothes, a X shirt, a X sweater, a X top, a X t shirt", names),
                  after=_fill("dressed in X, in X clothes, in a X shirt, in a X sweater", names))


def _light(side):
    return _words(having=f"""light from the {side}, light on the {side} side, light coming from the {side},
                  the light on the {side}""",
                  after=f"""lit from the {side}, illuminated from the {side}, in light from the {side},
                  lit from the {side} side""")


def _yaw(side):
    return _words(having=f"the head turned {side}, the face turned to the {side}",
                  after="""looking left, looking to the left, facing left, facing to the left, turned left,
                  turned to the left, gazing left, who looks left, who looks to the left,
                  looking to the left side""".replace("left", side))


HAIR_COLORS = {
    "black": "black, jet black, raven", "brown": "brown, chestnut, brunette", "blond": "blond, blonde, golden",
    "red": "red, ginger, auburn", "grey": "grey, gray, silver", "white": "white, snow white",
    "pink": "pink, bright pink", "blue": "blue, bright blue", "green": "green, bright green",
}
HAIR_LENGTHS = {"short": "short, cropped", "long": "long, very long", "curly": "curly, frizzy"}
WIG_COLORS = ("pink", "blue", "green")
HAIR_CUTS = {"mohawk": "mohawk, mohawk hairstyle", "bob": "bob, bob haircut", "curly": "afro"}

WORDS: dict[str, dict[str, Words]] = {
    "gender": {
        "woman": _words(before="female, feminine, womanly", noun="woman, lady, female, woman, woman",
                        having="female features, feminine features", after="who is a woman"),
        "man": _words(before="male, masculine, manly", noun="man, guy, gentleman, male, man, man, dude",
                      having="male features, masculine features", after="who is a man"),
    },
    "age": {
        "child": _words(before="childlike, childish, very young",
                        noun="child, kid, little child, small child, youngster",
                        having="a childlike face, a child face", after="who is a child"),
        "young": _words(before="young, younger, youthful, young adult", noun="young person, young adult, teenager",
                        having="a young face, young skin, a youthful face", after="in their twenties"),
        "old": _words(before="old, elderly, aged, older, wrinkled, very old, senior",
                      noun="old person, senior, elder, pensioner", having="wrinkles, wrinkled skin, an old face",
                      after="in old age, at a great age"),
    },
    "weight": {
        "thin": _words(before="thin, slim, slender, skinny, lean, thinner, slimmer, thin faced",
                       having="a thin face, a slim face, a narrow face, hollow cheeks, a lean face, thin cheeks"),
        "fat": _words(before="fat, chubby, overweight, plump, fatter, chubby faced, round faced, obese",
                      having="""a fat face, a round face, chubby cheeks, a chubby face, a wide face, fat cheeks,
                      a double chin, full cheeks"""),
    },
    "skin_tone": {
        "light": _words(before="pale, light skinned, fair skinned, pale skinned",
                        having="""light skin, pale skin, fair skin, a pale face, a light skin tone, a pale complexion,
                        a fair complexion"""),
        "medium": _words(before="tanned, olive skinned, tan",
                         having="tanned skin, olive skin, a medium skin tone, a tan, a tanned face, medium skin"),
        "dark": _words(before="dark skinned, brown skinned, very dark skinned",
                       having="""dark skin, dark brown skin, black skin, a dark skin tone, a dark complexion,
                       deep brown skin"""),
    },
    "hair_style": {
        "bald": _words(before="bald, hairless, bald headed", noun="bald head",
                       having="a bald head, no hair, a shaved head, a bald scalp",
                       after="without hair, without any hair"),
        "short": _words(before="short haired, short hair",
                        having="short hair, a short haircut, a short hairstyle, cropped hair, closely cut hair",
                        after="whose hair is short"),
        "long": _words(before="long haired, long hair",
                       having="""long hair, a long hairstyle, very long hair, flowing hair, long flowing hair,
                       hair down to the shoulders""", after="whose hair is long"),
        "bob": _words(before="bob haired, bob hair",
                      having="a bob, a bob haircut, a bob cut, a bob hairstyle, a pageboy haircut, chin length hair"),
        "curly": _words(before="curly haired, curly, frizzy haired",
                        having="""curly hair, curls, an afro, an afro hairstyle, frizzy hair, a curly hairstyle,
                        lots of curls""", after="whose hair is curly"),
        "mohawk": _words(before="mohawk, mohawked, punk", noun="punk",
                         having="""a mohawk, a mohawk hairstyle, a mohawk haircut, a punk hairstyle,
                         an iroquois haircut, a punk haircut"""),
    },
    "hair_color": {
        "black": _hair_color(HAIR_COLORS["black"], having="dark black hair,"),
        "brown": _hair_color(HAIR_COLORS["brown"], before="brunette", noun="brunette", having="brown locks,"),
        "blond": _hair_color(HAIR_COLORS["blond"], noun="blonde", before="blond, blonde, golden haired, fair haired",
                             having="yellow hair, blond locks, fair hair,"),
        "red": _hair_color(HAIR_COLORS["red"], before="ginger, red headed", noun="redhead",
                           having="ginger locks, copper hair,"),
        "grey": _hair_color(HAIR_COLORS["grey"], before="silver haired", having="silver hair,"),
        "white": _hair_color(HAIR_COLORS["white"], having="snowy hair,"),
        "pink": _hair_color(HAIR_COLORS["pink"], "pink, bright pink", having="dyed pink hair, rose hair,"),
        "blue": _hair_color(HAIR_COLORS["blue"], "blue, bright blue", having="dyed blue hair,"),
        "green": _hair_color(HAIR_COLORS["green"], "green, bright green", having="dyed green hair,"),
    },
    "eye_color": {
        "brown": _eye_color("brown", "dark brown eyes, dark eyes, hazel eyes"),
        "blue": _eye_color("blue", "bright blue eyes, light blue eyes, sky blue eyes"),
        "green": _eye_color("green", "bright green eyes, emerald eyes, light green eyes"),
    },
    "brows": {
        "thin": _words(having="""thin eyebrows, thin brows, fine eyebrows, narrow eyebrows, plucked eyebrows,
                       delicate brows, fine brows, narrow brows, plucked brows, very thin eyebrows""", after="whose eyebrows are thin"),
        "thick": _words(having="""thick eyebrows, bushy eyebrows, thick brows, bushy brows, heavy eyebrows,
                        big eyebrows, strong eyebrows""", after="whose eyebrows are thick"),
    },
    "facial_hair": {
        "none": _words(before="clean shaven, beardless",
                       having="no beard, no facial hair, a clean shaven face, smooth cheeks",
                       after="without a beard, without facial hair"),
        "stubble": _words(before="unshaven, stubbly",
                          having="stubble, a stubble beard, a three day beard, designer stubble, a five o clock shadow",
                          after="who needs a shave"),
        "moustache": _words(before="moustached, mustached",
                            having="""a moustache, a mustache, a thick moustache, a big mustache,
                            a moustache over the lip"""),
        "beard": _words(before="bearded",
                        having="a beard, a full beard, a thick beard, a big beard, a bushy beard, a long beard",
                        wearing="a beard"),
    },
    "expression": {
        "neutral": _words(before="serious, neutral, calm, expressionless",
                          having="""a neutral expression, a serious expression, a calm face, a serious look,
                          a neutral face, no expression""", after="looking serious, looking calm, who looks calm"),
        "smile": _words(before="smiling, happy, grinning, cheerful, joyful, laughing, smile, happier, beaming",
                        having="""a smile, a grin, a big smile, a happy expression, a smiling mouth, a happy face,
                        a broad grin, a happy smile, a smiling face""",
                        after="smiling, grinning, smiling happily, looking happy, who smiles, laughing"),
        "sad": _words(before="sad, unhappy, gloomy, depressed, sorrowful, frowning, miserable, sadder",
                      having="""a sad expression, a sad look, a sad face, an unhappy face, a frown, drooping lips,
                      a sad mouth""", after="looking sad, looking unhappy, who is sad"),
        "angry": _words(before="angry, furious, mad, enraged, annoyed, cross, angrier, grim",
                        having="""an angry expression, an angry look, an angry face, a furious look, a furious face,
                        a scowl, lowered brows""", after="looking angry, looking furious, scowling, full of anger"),
        "surprised": _words(before="surprised, shocked, astonished, amazed, startled, gasping",
                            having="""a surprised expression, an open mouth, a surprised look, a surprised face,
                            the mouth wide open, a shocked face, raised eyebrows, a shocked expression""",
                            after="looking surprised, looking shocked, gasping, in surprise"),
    },
    "eyes": {
        "open": _words(having="open eyes, the eyes open, opened eyes, the eyes opened", after="whose eyes are open"),
        "closed": _words(before="sleeping, sleepy, asleep, dreaming",
                         having="closed eyes, the eyes closed, shut eyes, the eyes shut, closed eyelids",
                         after="sleeping, whose eyes are closed, with closed eyes, closing the eyes"),
    },
    "glasses": {
        "none": _words(having="no glasses, no spectacles, no eyewear",
                       after="""without glasses, without spectacles, not wearing glasses, without eyeglasses,
                       without eyewear"""),
        "glasses": _words(before="bespectacled, spectacled",
                          wearing="""glasses, eyeglasses, spectacles, reading glasses, a pair of glasses, glasses,
                          clear glasses""", after="who wears glasses"),
        "sunglasses": _words(wearing="""sunglasses, dark glasses, shades, a pair of sunglasses, black sunglasses,
                             sunglasses""",
                             after="who wears sunglasses, behind sunglasses, hidden behind sunglasses"),
    },
    "headwear": {
        "none": _words(before="bareheaded, hatless", having="no hat, a bare head, no headwear, nothing on the head",
                       after="without a hat, without a cap, not wearing a hat, without headwear"),
        "hat": _words(before="hatted",
                      wearing="""a hat, a brimmed hat, a hat on the head, a fedora, a wide hat, a hat with a brim,
                      a wide brimmed hat""", after="in a hat, under a hat, who wears a hat"),
        "cap": _words(wearing="a cap, a baseball cap, a cap on the head, a peaked cap, a sports cap",
                      after="in a cap, under a cap, who wears a cap"),
    },
    "makeup": {
        "none": _words(having="""no makeup, no lipstick, natural lips, a bare face, no painted lips, no eye shadow,
                       no cosmetics""",
                       after="""without makeup, without lipstick, not wearing makeup, without cosmetics,
                       not wearing lipstick, not wearing eye shadow, not wearing cosmetics, without painted lips,
                       without eye shadow"""),
        "makeup": _words(before="made up", having="painted lips, lipstick on, makeup on, colored lips",
                         wearing="makeup, lipstick, eye shadow, heavy makeup, a lot of makeup, make up, cosmetics"),
    },
    "earrings": {
        "none": _words(having="no earrings, bare ears, no ear jewelry, no jewelry on the ears, no ear rings",
                       after="""without earrings, not wearing earrings, without ear jewelry, not wearing ear jewelry,
                       not wearing ear rings, not wearing gold earrings, without gold earrings, without ear rings"""),
        "earrings": _words(having="jewelry on the ears, earrings on",
                           wearing="earrings, a pair of earrings, big earrings, ear rings, ear jewelry, gold earrings",
                           after="who wears earrings"),
    },
    "yaw": {
        "left": _yaw("left"),
        "ahead": _words(before="frontal", having="the head straight",
                        after="""looking straight ahead, looking ahead, facing the camera, facing forward,
                        looking at the camera, looking at us, seen from the front, looking straight at the camera,
                        from the front"""),
        "right": _yaw("right"),
    },
    "pitch": {
        "down": _words(having="the head lowered, a lowered head, a bowed head, the head down, the chin down",
                       after="""looking down, facing down, looking downward, gazing down, looking at the floor,
                       who looks down, facing downward"""),
        "up": _words(having="the head raised, a raised head, the head up, the chin up, a lifted chin",
                     after="""looking up, facing up, looking upward, gazing up, looking at the sky, who looks up,
                     facing upward"""),
    },
    "light": {"left": _light("left"), "right": _light("right")},
    "background": {name: _background(names) for name, names in {
        "white": "white", "grey": "grey, gray", "blue": "blue", "green": "green", "yellow": "yellow",
        "orange": "orange", "pink": "pink", "purple": "purple, violet"}.items()},
    "clothes": {name: _clothes(names) for name, names in {
        "red": "red", "blue": "blue", "green": "green", "yellow": "yellow", "black": "black", "white": "white",
        "purple": "purple, violet", "orange": "orange"}.items()},
    "face_size": {
        "small": _words(before="distant, faraway", noun="small face, tiny face, tiny head, distant face",
                        after="""far away, in the distance, seen from afar, zoomed out, far from the camera,
                        seen from a distance, from far away"""),
        "large": _words(before="close up, nearby", noun="big face, large face, large head, close up",
                        after="""seen up close, up close, close to the camera, zoomed in, in close up, seen from nearby,
                        filling the picture, very close"""),
    },
}

# Nouns that name two attribute values: the values -> the nouns.
NOUNS_OF_TWO: dict[tuple[tuple[str, str], tuple[str, str]], tuple[str, ...]] = {
    (("gender", "man"), ("age", "child")): split("boy, little boy, lad, young boy"),
    (("gender", "woman"), ("age", "child")): split("girl, little girl, young girl"),
    (("gender", "man"), ("age", "young")): split("young man, young guy"),
    (("gender", "woman"), ("age", "young")): split("young woman, young lady"),
    (("gender", "man"), ("age", "old")): split("old man, grandpa, grandfather, elderly man, old gentleman"),
    (("gender", "woman"), ("age", "old")): split("old woman, grandma, grandmother, elderly lady, old lady, granny"),
}
