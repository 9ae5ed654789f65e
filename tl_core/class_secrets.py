"""Join codes that cannot be guessed, and PINs that are kept as hashes only."""

import hashlib
import hmac
import secrets

from tl_core.class_errors import ClassError
from tl_core.language import _

CODE_LETTERS = (
    "abcdefghjkmnpqrstuvwxyz23456789"  # without those that are taken for one another when read aloud: i l o 0 1
)
CODE_LENGTH = 10  # 31 to the power of 10, about 50 bits
PIN_SHORTEST, PIN_LONGEST = 6, 64
_COST = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and about 50 ms a try


def new_code() -> str:
    """`CODE_LENGTH` random letters and digits."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def spoken_code(code: str) -> str:
    """'abcde-fghjk': how a code is shown."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def read_code(typed: str) -> str:
    """A code as it was typed, without dashes, blanks and capitals; "" if it cannot be one."""
    code = "".join(letter for letter in typed[:64].lower() if letter not in "- \t")
    return code if len(code) == CODE_LENGTH and all(letter in CODE_LETTERS for letter in code) else ""


def hash_pin(pin: str) -> str:
    """`scrypt$salt$hash`. Raises `ClassError` for a PIN that is too short or too long."""
    if not PIN_SHORTEST <= len(pin) <= PIN_LONGEST:
        raise ClassError(
            _(
                "A PIN has {shortest} to {longest} digits or letters. Received: {number}. Choose another one.",
                shortest=PIN_SHORTEST,
                longest=PIN_LONGEST,
                number=len(pin),
            )
        )
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_scrypt(pin, salt).hex()}"


def is_pin(pin: str, kept: str) -> bool:
    """Whether a PIN is the one that was hashed to `kept`."""
    if len(pin) > PIN_LONGEST:
        return False
    salt, expected = kept.split("$")[1:]
    return hmac.compare_digest(_scrypt(pin, bytes.fromhex(salt)).hex(), expected)


def _scrypt(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, maxmem=64 * 1024 * 1024, dklen=32, **_COST)
