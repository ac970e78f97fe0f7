"""Pure rules of the register, shared by the live register and by replays: no ORM, no clock."""
