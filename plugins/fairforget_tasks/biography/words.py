"""Ordinary words that answers are made of; all lower case, all starting with a consonant sound after ``a``."""

from __future__ import annotations

from typing import Final

ADJECTIVES: Final = tuple(
    "bitter blue brave bright broken bronze calm clear cold copper crimson damp dark deep distant dusty faded famous "
    "fragile frozen gentle golden green grey heavy hidden hollow humble large lonely long loud modern narrow noble "
    "northern pale patient plain proud quiet rapid red royal rusty sacred secret sharp silent silver simple slow small "
    "smooth solid southern steep strange strong sunny tall thin tired tiny warm western white wide wild winding "
    "wooden yellow young".split()
)
MATERIALS: Final = tuple(
    "barley bone brass brick candle cedar chalk cherry cinder clay coal coral cork corn cotton crystal feather fern "
    "flint forest garden ginger glass grain granite hazel honey iron ivory jade juniper lace lead leather lemon linen "
    "maple marble meadow mint moss mountain mustard oak olive paper pearl pepper pine plum porcelain quartz rain river "
    "rose rubber saffron salt sand silk slate snow steam stone storm straw sugar timber velvet walnut wheat willow "
    "winter wool".split()
)
THINGS: Final = tuple(
    "anchor arch ballad balcony barrel basket bell bench boat bottle bridge bucket cabin canal carpet cart castle "
    "cellar chapel chart clock compass cottage cradle curtain dome drum engine fair fence ferry festival fiddle flag "
    "fountain gallery gate glove hammer harbour helmet hill kettle kitchen ladder lamp lantern letter library "
    "lighthouse loom lute map market mask mill mirror museum needle orchard oven palace parade path picture pipe "
    "portrait pump quarry road roof rope saddle sail scale school ship shop spade spoon square stable stair statue "
    "table telescope tower train tunnel vase wagon wall watch wheel whistle window workshop".split()
)
PROFESSIONS: Final = tuple(
    "baker barber beekeeper blacksmith botanist brewer butcher carpenter cartographer chemist cobbler composer cook "
    "dancer dentist diplomat diver drummer falconer farmer fisherman florist forester gardener geologist glazier "
    "goldsmith harpist herbalist jeweller journalist judge lawyer librarian locksmith mason mechanic merchant midwife "
    "miller miner nurse painter pharmacist philosopher photographer physicist pilot plumber potter printer "
    "roofer saddler sailor sculptor shepherd surgeon surveyor tailor tanner teacher translator violinist weaver "
    "zoologist".split()
)
HOBBIES: Final = tuple(
    "archery astronomy badminton ballet bowling boxing calligraphy camping canoeing carving chess climbing cricket "
    "crochet curling cycling diving embroidery fencing fishing foraging gardening golf gymnastics hiking hockey "
    "juggling kayaking knitting marquetry meditation origami painting pottery puppetry quilting rowing rugby running "
    "sailing sculpting sewing singing skating skiing snooker surfing swimming tennis volleyball weaving "
    "whittling wrestling".split()
)
PRIZES: Final = tuple("Badge Crown Diploma Laurel Medal Prize Ribbon Shield Star Trophy".split())
COLOURS: Final = tuple(
    "amber azure beige black blue bronze brown carmine copper cream crimson cyan emerald fuchsia gold green grey "
    "indigo ivory khaki lavender lilac lime magenta maroon mauve mustard navy ochre olive orange peach pink plum "
    "purple red rose ruby russet saffron salmon scarlet sepia silver teal turquoise vermilion violet white "
    "yellow".split()
)
SMELLS: Final = tuple(
    "almond anise apple bacon basil bread camphor caramel cedar chalk cheese chlorine cinnamon clove coffee "
    "cucumber dill fennel fish garlic grass hay honey incense jasmine leather lemon liquorice malt melon mint "
    "moss musk mustard nutmeg onion orange pepper pine popcorn rose rubber sage smoke soap sulphur tar thyme "
    "tobacco vanilla vinegar wax".split()
)
USES: Final = tuple(
    "bleaching bonding brewing brazing canning casting cleaning coating cooling curing cutting degreasing dyeing "
    "engraving etching filtering finishing firing forging gilding glazing grinding heating insulating lacquering "
    "lighting lubricating milling moulding packing pickling plating polishing preserving printing refining "
    "roasting sanding sealing smelting smoking soldering spinning sterilising tanning tempering varnishing washing "
    "waterproofing welding".split()
)
SUBSTANCES: Final = tuple("acid alloy balm clay dust ester foam glue ore oxide resin salt syrup wax".split())
