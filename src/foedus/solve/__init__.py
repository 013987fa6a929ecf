"""Compiled games solved exactly, LANES worlds at a time, and questions answered of the solved game.

It knows compiled games (``foedus.game``), queries and observations, but nothing of how worlds are drawn or what they are
asked for. Start with ``play.Play``: one policy's game in one block of worlds. It solves (``backward``, made of
``nodes`` and ``decision``), walks forward (``forward``, with the columns that ``queries`` plan; ``likelihood`` for
observations) and reads the answers off. Beside it: ``reach`` and ``flow`` (what can happen from single states, what
passes through them), ``values``, ``joint`` (coalitions), ``pursuit`` (an actor that plays for an event), and
``gradient`` with its ``adjoint`` kernels.

Kernels are written for numba in the language of ``lanes``: a game is one packed array with ``sections``, a number is a
vector with one lane a world. Kernels made of the same inlined parts are cached each for itself, by the time at which
its own file changed: after editing a part, delete ``__pycache__`` of this folder.
"""
