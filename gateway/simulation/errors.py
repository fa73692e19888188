"""What goes wrong for a client, as its users would tell it."""


class SimulationError(Exception):
    """A simulated client could not do its work."""


class ClientBroken(SimulationError):
    """A client cannot go on with this answer: the real one stops, or loses data."""


class HubUnreachable(SimulationError):
    """Nobody answered for longer than the client's patience."""


class Refused(SimulationError):
    """The hub answered with an error that the client can show."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
