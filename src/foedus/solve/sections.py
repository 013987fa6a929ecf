"""Where things stand in a packed game: the numbers of its sections, and of the parts of a work array.

The sections of ``GameArrays`` keep their names. The others: PAYS tells of each node whether
its actions (1) and branches (2) pay. Lists of payments that are equal are held once: A_LIST
and B_LIST give the list of an action and a branch (-1: none); list k has the payments
LIST_PTR[k] to [k + 1] (PAY_OBJ, PAY_COEF) and, for each actor that it pays, one of the sums
SUM_PTR[k] to [k + 1] (SUM_ACTOR), made of the coefficients PART_PTR[s] to [s + 1] of PART_COEF.
VIEW_ACTORS[VIEW_PTR[v]] and on hold view v. END_TO is the node of the next period that each
end leads to. ROWS tells in which row of a work array each of its parts begins.
"""

NAMES = (
    "kind",
    "mover",
    "phase",
    "guard",
    "pass_to",
    "low",
    "high",
    "first_t",
    "pays",
    "a_ptr",
    "base",
    "mask",
    "force",
    "action_id",
    "a_list",
    "b_ptr",
    "prob",
    "target",
    "b_list",
    "list_ptr",
    "pay_obj",
    "pay_coef",
    "sum_ptr",
    "sum_actor",
    "part_ptr",
    "part_coef",
    "view_of",
    "view_ptr",
    "view_actors",
    "obj_actor",
    "end_nodes",
    "end_to",
    "precision",
    "patience",
    "ambiguity",
    "offset",
    "timed",
    "rows",
)

KIND = 0
MOVER = 1
PHASE = 2
GUARD = 3
PASS_TO = 4
LOW = 5
HIGH = 6
FIRST_T = 7
PAYS = 8
A_PTR = 9
BASE = 10
MASK = 11
FORCE = 12
ACTION_ID = 13
A_LIST = 14
B_PTR = 15
PROB = 16
TARGET = 17
B_LIST = 18
LIST_PTR = 19
PAY_OBJ = 20
PAY_COEF = 21
SUM_PTR = 22
SUM_ACTOR = 23
PART_PTR = 24
PART_COEF = 25
VIEW_OF = 26
VIEW_PTR = 27
VIEW_ACTORS = 28
OBJ_ACTOR = 29
END_NODES = 30
END_TO = 31
PRECISION = 32
PATIENCE = 33
AMBIGUITY = 34
OFFSET = 35
TIMED = 36
ROWS = 37

# Parts of a work array; its first rows are the coefficients of a period and a row of ones.
SUMS = 0  # what each list of payments comes to for each actor that it pays
HELD = 1  # [ends x actors]
Q = 2  # [most actions of a node] values
PI = 3  # [most actions of a node] choices
WEIGHT = 4  # [most branches of a node]
