"""Where things stand in a packed game: the numbers of its sections, and of the parts of a work array.

``at(g, sec.MASK, a)`` is element ``a`` of a section, ``count(g, sec.BASE)`` its length. The sections of ``GameArrays``
keep their names. The others: PAYS tells of each node whether its actions (1) and branches (2) pay. Lists of payments
that are equal are held once: A_LIST and B_LIST give the list of an action and a branch (-1: none); list k has the
payments LIST_PTR[k] to [k + 1] (PAY_OBJ, PAY_COEF) and, for each actor that it pays, one of the sums SUM_PTR[k] to
[k + 1] (SUM_ACTOR), made of the coefficients PART_PTR[s] to [s + 1] of PART_COEF. VIEW_ACTORS[VIEW_PTR[v]] and on hold
view v. END_TO is the node of the next period that each end leads to. ROWS tells in which row of a work array each of
its parts begins.
"""

# Plain numbers, because kernels take module constants for literals; their order is that of the sections.
KIND, MOVER, PHASE, GUARD, PASS_TO, LOW, HIGH, FIRST_T, PAYS = range(9)
A_PTR, BASE, MASK, FORCE, ACTION_ID, A_LIST = range(9, 15)
B_PTR, PROB, TARGET, B_LIST = range(15, 19)
LIST_PTR, PAY_OBJ, PAY_COEF, SUM_PTR, SUM_ACTOR, PART_PTR, PART_COEF = range(19, 26)
VIEW_OF, VIEW_PTR, VIEW_ACTORS, OBJ_ACTOR, END_NODES, END_TO = range(26, 32)
PRECISION, PATIENCE, AMBIGUITY, CONTROL, OFFSET, TIMED, ROWS = range(32, 39)

NAMES = tuple(name.lower() for name in list(globals()) if name.isupper())

# Parts of a work array; its first rows are the coefficients of a period and a row of ones.
SUMS = 0  # what each list of payments comes to for each actor that it pays
HELD = 1  # [ends x actors]
Q = 2  # [most actions of a node] values
PI = 3  # [most actions of a node] choices
WEIGHT = 4  # [most branches of a node]
