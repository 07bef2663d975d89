// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// What ERC-20 has that is read: balances, a supply, decimals, transfers.
contract Coin {
    event Transfer(address indexed from, address indexed to, uint256 value);

    uint8 public immutable decimals;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;

    constructor(uint8 places) {
        decimals = places;
    }

    function mint(address to, uint256 value) external {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }

    /// A log with the hash of the event and three indexed arguments, as ERC-721 has it.
    function emitOther(address to, uint256 id) external {
        bytes32 hash = keccak256("Transfer(address,address,uint256)");
        assembly {
            log4(0, 0, hash, 0, to, id)
        }
    }
}
