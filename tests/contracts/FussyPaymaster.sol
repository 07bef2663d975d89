// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PackedUserOperation} from "./TinyPaymaster.sol";

/// Pays for every operation of EntryPoint 0.7 and later, and fails afterwards: its work after the call always reverts.
contract FussyPaymaster {
    function validatePaymasterUserOp(PackedUserOperation calldata, bytes32, uint256)
        external
        pure
        returns (bytes memory, uint256)
    {
        return ("then postOp is called", 0);
    }

    function postOp(uint8, bytes calldata, uint256, uint256) external pure {
        revert("changed its mind");
    }
}
