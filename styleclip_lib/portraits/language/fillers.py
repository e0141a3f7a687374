"""Words in captions that say nothing about a portrait.

Many come from CLIP's prompts for ImageNet: "a bad photo of the hard to see face".
"""

from .vocabulary import split

NEUTRAL_NOUNS = split("""face, face, face, face, person, person, portrait, human, head, human face, human being,
                      headshot, character, portrait of a person, individual, face of a person, human head""")
PRONOUNS = ("somebody", "someone")
PICTURES = ("photo", "picture", "image", "photograph", "portrait", "selfie", "drawing", "painting", "render")
DETERMINERS = split("the, the, this, my, one, many, another")
NEUTRAL_ADJECTIVES = split("""nice, cool, weird, clean, dirty, hard to see, plastic, toy, origami, embroidered, cartoon,
                           plushie, beautiful, lovely, cute, interesting, normal, typical, simple, real""")
OPENINGS = split("""a photo of, a photo of, a picture of, an image of, a portrait of, a photograph of, a headshot of,
                 a bad photo of, a good photo of, a blurry photo of, a cropped photo of, a bright photo of,
                 a dark photo of, a low resolution photo of, a bad picture of, a good picture of, a rendering of,
                 a rendition of, a cartoon of, a drawing of, a doodle of, art of, a 3d render of,
                 a jpeg corrupted photo of, a sculpture of, a tattoo of, graffiti of, a digital picture of,
                 an illustration of, a snapshot of, a selfie of, this is a picture of, this is, there is, here is,
                 a studio photo of, a detailed picture of, a high quality picture of, a beautiful picture of,
                 a colorful picture of, itap of, the face of""")
ENDINGS = split("in a video game, in the picture, in this photo, in the image, on the internet, posing for a photo")
INTENSIFIERS = split("very, really, so, quite, extremely, rather")
GRADABLE = ("age", "weight", "skin_tone", "expression")
