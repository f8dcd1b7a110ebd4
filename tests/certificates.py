"""An authority of the tests' own, and what it signs."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USAGES = ("content_commitment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")


class Authority:
    """Signs certificates; `pem` is its own, as text."""

    def __init__(self):
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), _name("authority of the tests")
        usage = x509.KeyUsage(
            **dict.fromkeys(USAGES, False),
            digital_signature=True,
            key_encipherment=False,
            key_cert_sign=True,
            crl_sign=True,
        )
        self.certificate = self._sign(self.name, self.key, [(x509.BasicConstraints(True, None), True), (usage, True)])
        self.pem = _text(self.certificate)

    def signed(self, folder: Path, address: str = "127.0.0.1") -> Path:
        """Return a file with a key, and a certificate of ours for `address`."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        certificate = self._sign(_name("target"), key, [(x509.BasicConstraints(False, None), True), (names, False)])
        plain = serialization.NoEncryption()
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        (folder / "target.pem").write_text(private.decode() + _text(certificate))
        return folder / "target.pem"

    def _sign(self, name, key, extensions):
        now = datetime.now(UTC)
        known = [
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False),
        ]
        builder = x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        for extension, is_critical in [*known, *extensions]:
            builder = builder.add_extension(extension, is_critical)
        return builder.sign(self.key, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
