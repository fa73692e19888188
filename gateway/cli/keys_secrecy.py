"""`gateway keys secrecy`: the keys under which secret letters lie encrypted."""

import typer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def secrecy() -> None:
    """กุญแจของหนังสือลับ / The keys of secret letters."""
