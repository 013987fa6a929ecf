"""The numbers at which something is said, tried or left out: one place, with a line each on why."""

# Worlds

# Posterior figures are called rough where the observations leave less than this share of the worlds (effective number):
# a tenth is where importance sampling is commonly taken to have failed.
LEAST_EFFECTIVE_SHARE = 0.1
# Shares of fewer worlds than this (effective number) are rough: one in ten samples of 50 has a share of one half more
# than 12 points off.
ROUGH_SAMPLE = 50
# Fewer worlds than this (effective number) tell nothing about where a choice changes: a tree needs some in each leaf.
LEAST_WORLDS = 60
# Worlds of the precision sweep and of the tests of what is built in: three full blocks of eight.
SUBSET = 24
# A sample that grows starts with FIRST_WORLDS and ends at MOST_GROWN. It grows until no 95% interval of a share is as wide
# as WIDE (ten points tell a third from a half), and where a verdict lies between two words until it is below CLOSE.
FIRST_WORLDS, MOST_GROWN, WIDE, CLOSE = 128, 8192, 0.1, 0.05
# Numbers (worlds times uncertain assumptions) among which associations are looked for: each is shuffled hundreds of
# times to tell it from noise.
SEARCHED = 500_000

# A quick look, which lenses would make slow, is one at fewer worlds than ENOUGH_WORLDS in a game of more branches than
# SMALL_GAME; of a run that is too large for memory lenses see MOST_WORLDS that stand for all.
ENOUGH_WORLDS, SMALL_GAME, MOST_WORLDS = 100, 1000, 1000

# Claims

# A verdict that needs nobody to weigh anything is built in where what it rests on, made neutral, moves its share by more.
BUILT_IN_MOVE = 0.5
# A verdict turns where it changes sides of this share...
TURNS = 0.5
# ...and by so much: less than a quarter of so few worlds is chance.
LEAST_TURN = 0.25
# A claim holds, or fails, in most worlds from these shares of posterior worlds on; between them it is divided.
HOLDS_SHARE, FAILS_SHARE = 0.7, 0.3
# ... and in nearly all from these on.
NEARLY_ALL, HARDLY_ANY = 0.95, 0.05
# A change in expected value, or in how often something is done, that rounds to nothing is not told.
NEGLIGIBLE = 0.005
# A driver of a result is named where it decides at least this share of it.
LEAST_DRIVER = 0.01

# The record

# Worlds that learning weighs unless told, and the effective number below which it draws worlds anew: 500 put the ends of
# nine worlds in ten (5% and 95%) within about two points of rank.
LEARNING_WORLDS, LEARNING_EFFECTIVE = 5000, 500

# Answers to a question from which on its rivals have something to go by.
SETTLED = 3
# Fewer answers than this are too few for the share of resamples in which one forecaster beats another.
LEAST_ANSWERS = 30
# What is coded with a larger error than this is told as recorded, not as observed.
SURE_RECORD = 0.1
