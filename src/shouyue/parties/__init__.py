"""Parties: who buys, who serves, who supplies.

Words: *customer* (0 is the provider itself), *site* (a node of a customer's tree: region, city, site,
department), *contact* (a person at the customer, with capacities and VIP mark), *provider unit* (headquarters,
department, region, team), *vendor* (maker, partner, carrier, anti-virus firm, supervision firm).

Below: `accounts` (a contact or the leader of a unit may have an account). Above: `contracts` ties parties to
contracts.
"""
