// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// Emits as many events as it is asked to, and counts them for whoever asks.
contract Emitter {
    event Counted(uint256 indexed number, address indexed by, uint256 value);

    uint256 public count;

    function emitMany(uint256 events, uint256 value) external {
        uint256 number = count;
        for (uint256 i = 0; i < events; i++) {
            emit Counted(number++, msg.sender, value);
        }
        count = number;
    }
}
