// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// Reverts in each way that there is.
contract Reverter {
    error Own(uint256 number);

    function withText() external pure {
        revert("no");
    }

    function withPanic() external pure {
        assert(false);
    }

    function withCustom() external pure {
        revert Own(7);
    }

    function withNothing() external pure {
        assembly {
            revert(0, 0)
        }
    }
}
