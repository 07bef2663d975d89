"""AWS KMS as moto has it, on a free port of this machine until standard input ends.

moto hashes what it is asked to sign, also where the request says `"MessageType": "DIGEST"` ("not yet implemented", say its
sources). AWS signs a digest as it is; with the argument `digest` so does this.
https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils as signing
from moto.kms import responses, utils
from moto.moto_server.threaded_moto_server import ThreadedMotoServer


def sign_digests() -> None:
    answer = responses.KmsResponse.sign

    def sign(self):
        def as_it_is(key, message, algorithm):
            assert algorithm == "ECDSA_SHA_256" and len(message) == 32
            return key.private_key.sign(message, ec.ECDSA(signing.Prehashed(hashes.SHA256())))

        hashed = utils.ECDSAPrivateKey.sign
        if self._get_param("MessageType") == "DIGEST":
            utils.ECDSAPrivateKey.sign = as_it_is
        try:
            return answer(self)
        finally:
            utils.ECDSAPrivateKey.sign = hashed

    responses.KmsResponse.sign = sign


if "digest" in sys.argv:
    sign_digests()
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print("Listening on %s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
