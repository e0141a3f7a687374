"""The words for the styles, and the attributes that are no longer visible in each of them."""

from dataclasses import dataclass

from .vocabulary import split

COLORS = ("skin_tone", "hair_color", "eye_color", "makeup", "background", "clothes")
PLAIN = "plain"
"""The style named by a caption which says that a picture has none, such as "a photo"."""
PLAIN_WORDS = split("""a photo, a photo, a photograph, a plain photo, a normal photo, an ordinary photo, an ordinary photograph,
                    a normal picture, a plain picture, a realistic photo, a realistic picture, a real photo, a color photo""")
SMALL_THINGS = ("eye_color", "earrings", "brows", "eyes", "makeup", "facial_hair", "light", "age", "expression")


@dataclass(frozen=True)
class StyleWords:
    """The phrases for one style.

    opening  goes before "of a face", or stands alone: "a pencil sketch", "a mosaic"
    ending   goes after the noun: "a face drawn in charcoal", "houses at night"
    alone    only stands alone: "snow", "cubist style"
    loses    the attributes that are no longer visible in this style
    """

    opening: tuple[str, ...]
    ending: tuple[str, ...]
    alone: tuple[str, ...]
    loses: tuple[str, ...] = ()


def _style(opening, ending, loses=(), alone=""):
    return StyleWords(split(opening), split(ending), split(alone), tuple(loses))


STYLE_WORDS: dict[str, StyleWords] = {
    "pencil sketch": _style("""a pencil sketch, a sketch, a pencil drawing, a sketch with pencil, a pencil portrait,
                            a graphite drawing""",
                            """drawn in pencil, in the style of a pencil sketch, sketched in pencil,
                            as a pencil drawing, drawn with a pencil""", (*COLORS, "light"),
                            alone="pencil, graphite"),
    "charcoal": _style("""a charcoal drawing, a charcoal sketch, a drawing in charcoal, a charcoal portrait,
                       a rough charcoal drawing""",
                       "drawn in charcoal, in charcoal, in the style of a charcoal drawing, drawn with charcoal",
                       (*COLORS, *SMALL_THINGS), alone="charcoal"),
    "watercolor": _style("""a watercolor painting, a watercolor, a watercolour, a watercolour painting, an aquarelle,
                         a wash drawing""",
                         """in watercolor, painted in watercolors, in the style of a watercolor,
                         painted with watercolour""", alone="watercolors, watercolor style"),
    "oil painting": _style("""an oil painting, a painting, a painting in oil, an oil portrait, oil on canvas,
                           a thick oil painting""",
                           """painted in oil, in the style of an oil painting, with thick brush strokes,
                           painted with brush strokes, on canvas""", alone="oil paint, oil, canvas"),
    "mosaic": _style("a mosaic, a tile mosaic, a mosaic picture, a mosaic portrait, a roman mosaic",
                     "made of tiles, in the style of a mosaic, as a mosaic, made of small stones", SMALL_THINGS,
                     alone="tiles, mosaic style"),
    "pop art": _style("pop art, a pop art picture, a pop art portrait, a pop art poster, a screen print",
                      "in the style of pop art, in pop art style, as pop art", (*COLORS, "light"),
                      alone="pop art style"),
    "stained glass": _style("""a stained glass window, stained glass, a church window, a stained glass picture,
                            a leaded glass window""",
                            """in stained glass, in the style of stained glass, made of colored glass,
                            as a stained glass window""", SMALL_THINGS,
                            alone="church windows, stained glass windows"),
    "pixel art": _style("pixel art, a pixelated photo, an 8 bit picture, a pixel art picture, a pixelated picture",
                        "in pixel art, made of pixels, in the style of pixel art, in 8 bit style, in big pixels",
                        SMALL_THINGS, alone="pixels, 8 bit"),
    "cubism": _style("a cubist painting, a cubist picture, cubism, a cubist portrait, a painting by a cubist",
                     "in the style of cubism, in cubist style, in broken planes", SMALL_THINGS,
                     alone="cubist, cubist style"),
    "pointillism": _style("a pointillist painting, pointillism, a painting made of dots, a pointillist picture",
                          "in the style of pointillism, made of dots, in colored dots, painted in dots", SMALL_THINGS,
                          alone="pointillist style, dots"),
    "ink": _style("an ink drawing, a comic, an ink comic, a comic book drawing, a pen and ink drawing, a manga drawing",
                  "in ink, drawn in ink, in the style of a comic, with ink outlines, in comic style",
                  (*COLORS, "light"), alone="ink, comic style, pen and ink, manga"),
    "black and white": _style("""a black and white photo, a black and white picture, a monochrome photo,
                              a black and white photograph""", "in black and white, in monochrome, without color",
                              COLORS, alone="monochrome, black and white"),
    "old photograph": _style("""an old photograph, a sepia photo, a vintage photo, an old photo, an antique photograph,
                             a faded photograph""",
                             "in sepia, in an old photograph, in the style of an old photograph, in sepia tones",
                             COLORS, alone="sepia, vintage"),
    "neon": _style("a neon sign, neon art, a neon picture, a neon light drawing, glowing neon lines",
                   "in neon, made of neon lights, in neon light, in the style of neon art, in glowing neon",
                   (*COLORS, *SMALL_THINGS), alone="neon, neon light, neon lights"),
    "night": _style("a night picture, a night scene, a picture at night, a night photo",
                    "at night, in the moonlight, at midnight, in the dark night, under the moon", (*COLORS, "light"),
                    alone="night, midnight, moonlight"),
    "sunset": _style("a sunset picture, a sunset scene, a picture at sunset",
                     "at sunset, in the evening light, in the light of the setting sun, in the evening sun, at dusk",
                     ("background", "skin_tone", "hair_color", "eye_color", "clothes"),
                     alone="sunset, evening light, evening, dusk"),
    "snow": _style("a snowy picture, a winter picture, a snow scene, a winter scene",
                   "in the snow, in winter, in falling snow, in a snow storm, covered in snow, while it snows",
                   ("eye_color", "skin_tone", "background", "earrings"), alone="snow, winter, snowy, falling snow"),
    "fire": _style("a burning picture, a picture on fire, a picture of flames",
                   "on fire, in flames, burning, in the fire, surrounded by flames, made of fire",
                   (*COLORS, *SMALL_THINGS), alone="fire, flames, burning flames"),
    "underwater": _style("an underwater picture, an underwater photo, an underwater scene",
                         "underwater, under water, in the deep sea, deep under water", COLORS,
                         alone="water, deep sea"),
    "blueprint": _style("a blueprint, a technical drawing, a blueprint drawing, a construction plan",
                        "as a blueprint, in the style of a blueprint, in white lines on blue paper",
                        (*COLORS, "light"), alone="blueprint style"),
}
